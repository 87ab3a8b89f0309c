import { type Static, Type } from '@sinclair/typebox'
import type { DjangoUser, Identity } from '../identity/identity.js'
import { factsOf } from '../identity/account.js'
import { presentToken, presentUser, tokenSchema, userSchema } from './resources.js'

/** Characters that a token may have in a request about it. One that is longer is nobody's. */
export const MAX_TOKEN_LENGTH = 4096
/** Tokens in one batch, and bytes of its body. */
export const MAX_BATCH = 1000
export const MAX_BATCH_BYTES = 1_048_576

const token = Type.String({ minLength: 1, maxLength: MAX_TOKEN_LENGTH, right: `1 to ${MAX_TOKEN_LENGTH} characters` })

/** The form of an introspection (RFC 7662 section 2.1) and of a revocation (RFC 7009 section 2.1). */
export const tokenFormSchema = Type.Object({
  token,
  token_type_hint: Type.Optional(Type.String({ right: 'text', description: 'Ignored: both kinds of token are looked for.' }))
})

/** Many tokens at once. */
export const batchSchema = Type.Object({
  tokens: Type.Array(token, { minItems: 1, maxItems: MAX_BATCH, right: `a list of 1 to ${MAX_BATCH} tokens` }),
  identity: Type.Optional(Type.Boolean({ right: 'true or false', description: 'Whether each answer says whose token it is.' }))
}, { additionalProperties: false, right: 'an object with tokens, and identity if wanted' })

/** What is known of a token (RFC 7662 section 2.2). */
export const introspectionSchema = Type.Object({
  active: Type.Boolean(),
  scope: Type.Optional(Type.String({ description: 'Space-separated; * is full power.' })),
  client_id: Type.Optional(Type.String({ description: 'The name of an access token.' })),
  username: Type.Optional(Type.String()),
  token_type: Type.Optional(Type.String({ description: 'The keyword of the Authorization header.' })),
  exp: Type.Optional(Type.Integer({ description: 'When it ends, in seconds since 1970; absent: never.' })),
  iat: Type.Optional(Type.Integer({ description: 'When it was made, in seconds since 1970.' })),
  sub: Type.Optional(Type.String({ description: 'The id of the user.' })),
  jti: Type.Optional(Type.String({ description: 'The public id of the token.' }))
})

/** Whose token it is, also where nothing but the user's being inactive stands against it. */
const identitySchema = Type.Object({ user: userSchema, token: tokenSchema })

/** The answer to a batch, in its order. */
export const batchAnswerSchema = Type.Object({
  results: Type.Array(Type.Object({ ...introspectionSchema.properties, identity: Type.Optional(identitySchema) }))
})

/** An error of OAuth 2.0 (RFC 6749 section 5.2). */
export const oauthErrorSchema = Type.Object({ error: Type.String(), error_description: Type.String() })

export type Introspection = Static<typeof introspectionSchema>

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000)

/** Answers what is known of a token. Of one that is not active nothing more is said. */
export function presentIntrospection (identity: Identity | null, keyword: string): Introspection {
  if (identity === null) return { active: false }
  const { user, userId, isActive } = factsOf(identity)
  if (!isActive) return { active: false }
  const { token } = identity
  return {
    active: true,
    scope: token.scope,
    ...(token.name !== null && { client_id: token.name }),
    username: (user as { username: string }).username,
    token_type: keyword,
    ...(token.expires !== null && { exp: seconds(token.expires) }),
    ...(token.created !== null && { iat: seconds(token.created) }),
    sub: String(userId),
    jti: token.id
  }
}

/** The same with whose token it is. */
export function presentIdentified (identity: Identity | null, keyword: string): Static<typeof batchAnswerSchema>['results'][number] {
  const introspection = presentIntrospection(identity, keyword)
  if (identity === null) return introspection
  return { ...introspection, identity: { user: presentUser(identity.user as DjangoUser), token: presentToken(identity.token) } }
}
