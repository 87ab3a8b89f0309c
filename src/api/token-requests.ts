import { type Static, Type } from '@sinclair/typebox'
import { MAX_GRACE, MAX_NAME_LENGTH } from '../tokens/access-token.js'
import { MAX_DURATION } from '../options/token-options.js'
import { MAX_SCOPE_LENGTH, SCOPE_PATTERN, SCOPE_PROBLEM } from '../identity/scope.js'
import { TEXT_PATTERN } from './text-field.js'

/** Stands for the id of the token that asks. */
export const CURRENT = 'current'

const scopeField = Type.String({
  maxLength: MAX_SCOPE_LENGTH,
  pattern: SCOPE_PATTERN,
  problem: SCOPE_PROBLEM,
  description: 'Space-separated scopes (RFC 6749 section 3.3); * is full power, the empty scope grants none.'
})

const nameField = Type.String({
  minLength: 1,
  maxLength: MAX_NAME_LENGTH,
  pattern: TEXT_PATTERN,
  description: 'Unique among the user\'s current tokens.'
})

/** What a request may say of a new access token. */
export const newTokenFields = {
  name: Type.Optional(nameField),
  scope: Type.Optional(scopeField),
  expires_in: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: MAX_DURATION }), Type.Null()], {
    problem: `Enter a whole number from 1 to ${MAX_DURATION}.`,
    description: 'Seconds that it lives; null: without end.'
  }))
}

/** A new access token. */
export const newTokenSchema = Type.Object(newTokenFields, { additionalProperties: false })

/** What of an access token is to be changed. */
export const tokenChangesSchema = Type.Object({
  name: Type.Optional(nameField),
  scope: Type.Optional(scopeField),
  disabled: Type.Optional(Type.Boolean())
}, { additionalProperties: false })

/** How a token is rotated. */
export const rotateSchema = Type.Object({
  grace: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_GRACE, description: 'Seconds for which the old token goes on.' }))
}, { additionalProperties: false })

/** The query where all tokens are ended. */
export const keepSchema = Type.Object({
  keep: Type.Optional(Type.Literal(CURRENT, { problem: `The only value is "${CURRENT}".`, description: 'The token that asks stays.' }))
}, { additionalProperties: false })

export type NewTokenRequest = Static<typeof newTokenSchema>
export type TokenChangesRequest = Static<typeof tokenChangesSchema>
export type RotateRequest = Static<typeof rotateSchema>
export type KeepQuery = Static<typeof keepSchema>
