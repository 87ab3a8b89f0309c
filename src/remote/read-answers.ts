import { type Static, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { tokenSchema, userSchema } from '../api/resources.js'
import { CachedIdentity } from '../authentication/cached-identity.js'
import type { DjangoUser, Token, User } from '../identity/identity.js'

const date = Type.Union([Type.String(), Type.Null()])

// Formats of text are read here, and not checked: that needs a registry which all of a program shares.
const identitySchema = Type.Object({
  user: Type.Object({ ...userSchema.properties, id: Type.Union([Type.Integer(), Type.String()]), date_joined: date, last_login: date }),
  token: Type.Object({ ...tokenSchema.properties, created: date, expires: date, last_used: date })
})

const answer = TypeCompiler.Compile(Type.Object({
  results: Type.Array(Type.Object({ active: Type.Boolean(), identity: Type.Optional(identitySchema) }))
}))

// What a user has that a service tells of.
const USER_NAMES: ReadonlyArray<keyof DjangoUser> = [
  'id', 'username', 'email', 'firstName', 'lastName', 'isActive', 'isStaff', 'isSuperuser', 'dateJoined', 'lastLogin'
]

/**
 * Reads the answer of `POST /introspect/batch` about so many tokens.
 * @returns what is known of each, undefined for those that nobody has; null where the answer is not one
 */
export function readAnswer (body: unknown, count: number): Array<CachedIdentity | undefined> | null {
  if (!answer.Check(body) || body.results.length !== count) return null
  const known = []
  for (const { active, identity } of body.results) {
    // An inactive user's token is inactive, and there is no other reason to say whose an inactive token is.
    if (identity === undefined ? active : active !== identity.user.is_active) return null
    const read = identity === undefined ? undefined : readIdentity(identity)
    if (read === null) return null
    known.push(read)
  }
  return known
}

function readIdentity ({ user, token }: Static<typeof identitySchema>): CachedIdentity | null {
  const texts = [user.date_joined, user.last_login, token.created, token.expires, token.last_used]
  const dates = texts.map((text) => text === null ? null : new Date(text))
  if (dates.some((value) => Number.isNaN(value?.getTime()))) return null
  const [dateJoined = null, lastLogin = null, created = null, expires = null, lastUsed = null] = dates
  const { id, username, email, first_name: firstName, last_name: lastName } = user
  const flags = { isActive: user.is_active, isStaff: user.is_staff, isSuperuser: user.is_superuser }
  const { last_used: _, replaced_by: replacedBy, ...same } = token
  const own: Token = { ...same, created, expires, lastUsed, ...(replacedBy !== undefined && { replacedBy }) }
  const row = { id, username, email, firstName, lastName, ...flags, dateJoined, lastLogin } as unknown as User
  return new CachedIdentity({ userId: id, user: row, ...flags }, own, null, USER_NAMES)
}
