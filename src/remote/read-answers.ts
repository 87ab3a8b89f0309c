import { type Static, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { CachedIdentity } from '../authentication/cached-identity.js'
import type { DjangoUser, Token, User } from '../identity/identity.js'
import { tokenSchema, userSchema } from '../api/resources.js'

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
const USER_NAMES: ReadonlyArray<keyof DjangoUser> = ['id', 'username', 'email', 'firstName', 'lastName', 'isActive', 'isStaff', 'isSuperuser', 'dateJoined', 'lastLogin']

type WireIdentity = Static<typeof identitySchema>

/**
 * Reads the answer of `POST /introspect/batch`.
 * @param body JSON, parsed
 * @param count how many tokens were asked about
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

function readIdentity ({ user, token }: WireIdentity): CachedIdentity | null {
  const dates = [user.date_joined, user.last_login, token.created, token.expires, token.last_used].map((text) => text === null ? null : new Date(text))
  if (dates.some((value) => Number.isNaN(value?.getTime()))) return null
  const [dateJoined, lastLogin, created, expires, lastUsed] = dates as [Date | null, Date | null, Date | null, Date | null, Date | null]
  const flags = { isActive: user.is_active, isStaff: user.is_staff, isSuperuser: user.is_superuser }
  const row: DjangoUser = {
    id: user.id as number,
    username: user.username,
    email: user.email,
    firstName: user.first_name,
    lastName: user.last_name,
    ...flags,
    dateJoined: dateJoined as Date,
    lastLogin
  }
  const own: Token = {
    id: token.id,
    kind: token.kind,
    name: token.name,
    hint: token.hint,
    scope: token.scope,
    created,
    expires,
    lastUsed,
    disabled: token.disabled,
    ...(token.replaced_by !== undefined && { replacedBy: token.replaced_by })
  }
  return new CachedIdentity({ userId: user.id, user: row as User, ...flags }, own, null, USER_NAMES)
}
