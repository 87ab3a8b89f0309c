import { type Static, Type } from '@sinclair/typebox'
import { MAX_NAME_LENGTH, type NewToken } from '../src/tokens/access-token.js'
import { MAX_DURATION } from '../src/tokens/life.js'
import { MAX_SCOPE_LENGTH, SCOPE_PATTERN, SCOPE_PROBLEM } from '../src/tokens/scope.js'
import { TEXT_PATTERN } from './fields.js'

/** A scope on the wire. */
export const scopeField = Type.String({
  maxLength: MAX_SCOPE_LENGTH,
  pattern: SCOPE_PATTERN,
  problem: SCOPE_PROBLEM,
  description: 'Space-separated scopes (RFC 6749 section 3.3); * is full power, the empty scope grants none.'
})

/** A token's name on the wire. */
export const nameField = Type.String({ minLength: 1, maxLength: MAX_NAME_LENGTH, pattern: TEXT_PATTERN, description: 'Unique among the user\'s current tokens.' })

/** What a request may say of a new access token. */
export const newTokenFields = {
  name: Type.Optional(nameField),
  scope: Type.Optional(scopeField),
  expires_in: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: MAX_DURATION }), Type.Null()], {
    problem: `Enter a whole number from 1 to ${MAX_DURATION}.`,
    description: 'Seconds that it lives; null: without end.'
  }))
}

type NewTokenFields = Static<ReturnType<typeof Type.Object<typeof newTokenFields>>>

/** The wish for an access token in a body, or undefined where none of its fields is there. */
export function readNewToken ({ name, scope, expires_in: expiresIn }: NewTokenFields): NewToken | undefined {
  if (name === undefined && scope === undefined && expiresIn === undefined) return undefined
  return { ...(name !== undefined && { name }), ...(scope !== undefined && { scope }), ...(expiresIn !== undefined && { expiresIn }) }
}
