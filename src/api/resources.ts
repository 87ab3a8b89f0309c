import { Type } from '@sinclair/typebox'
import type { UserId } from '../database/user-id.js'
import type { DjangoUser as User, IssuedToken, Token } from '../identity/identity.js'

const date = Type.Union([Type.String({ format: 'date-time' }), Type.Null()])

/** A user on the wire, as `presentUser` writes it. */
export const userSchema = Type.Object({
  id: Type.Unsafe<UserId>({ type: ['integer', 'string'], description: 'A number; of a custom user model it may be a UUID.' }),
  username: Type.String(),
  email: Type.String(),
  first_name: Type.String(),
  last_name: Type.String(),
  is_staff: Type.Boolean(),
  is_superuser: Type.Boolean(),
  is_active: Type.Boolean(),
  date_joined: date,
  last_login: date
})

/** A token on the wire, without its key, as `presentToken` writes it. */
export const tokenSchema = Type.Object({
  id: Type.String({ description: 'Public id; not the key.' }),
  kind: Type.Union([Type.Literal('drf'), Type.Literal('access'), Type.Literal('login'), Type.Literal('sealed')]),
  name: Type.Union([Type.String(), Type.Null()]),
  hint: Type.Union([Type.String(), Type.Null()], { description: '4 characters of the key, behind the prefix.' }),
  scope: Type.String({ description: 'Space-separated; * is full power.' }),
  created: date,
  expires: date,
  last_used: date,
  disabled: Type.Boolean(),
  replaced_by: Type.Optional(Type.String({ description: 'The id of the token that came in its place; only where there is one.' }))
})

/** The caller, and the token that it came with. */
export const meSchema = Type.Object({ ...userSchema.properties, token: tokenSchema })

/** A token in the one answer that shows its key, as `presentIssuedToken` writes it. */
export const issuedTokenSchema = Type.Object({ ...tokenSchema.properties, token: Type.String({ description: 'Shown this once.' }) })

/** An error on the wire, as DRF shapes it. */
export const errorSchema = Type.Object({ detail: Type.String() })

/** The messages of each field, as DRF shapes them. */
export const fieldErrorsSchema = Type.Record(Type.String(), Type.Union([Type.Array(Type.String()), Type.String()]))

const iso = (value: Date | null) => value?.toISOString() ?? null

export const presentUser = (user: User) => ({
  id: user.id,
  username: user.username,
  email: user.email,
  first_name: user.firstName,
  last_name: user.lastName,
  is_staff: user.isStaff,
  is_superuser: user.isSuperuser,
  is_active: user.isActive,
  date_joined: iso(user.dateJoined),
  last_login: iso(user.lastLogin)
})

export const presentToken = (token: Token) => ({
  id: token.id,
  kind: token.kind,
  name: token.name,
  hint: token.hint,
  scope: token.scope,
  created: iso(token.created),
  expires: iso(token.expires),
  last_used: iso(token.lastUsed),
  disabled: token.disabled,
  ...(token.replacedBy !== undefined && { replaced_by: token.replacedBy })
})

export const presentIssuedToken = (token: IssuedToken) => ({ ...presentToken(token), token: token.key })
