import { Type } from '@sinclair/typebox'
import type { Token, User } from '../src/tokens/identity.js'

const date = Type.Union([Type.String({ format: 'date-time' }), Type.Null()])

/** A user on the wire. */
export const userSchema = Type.Object({
  id: Type.Integer(),
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

/** A token on the wire, without its key. */
export const tokenSchema = Type.Object({
  id: Type.String({ description: 'Public id; not the key.' }),
  kind: Type.Literal('drf'),
  name: Type.Union([Type.String(), Type.Null()]),
  hint: Type.Union([Type.String(), Type.Null()], { description: 'The first 4 characters of the key.' }),
  scope: Type.String(),
  created: date,
  expires: date,
  last_used: date,
  disabled: Type.Boolean()
})

/** An error on the wire, as DRF shapes it. */
export const errorSchema = Type.Object({ detail: Type.String() })

/** The messages of each field, as DRF shapes them. */
export const fieldErrorsSchema = Type.Record(Type.String(), Type.Union([Type.Array(Type.String()), Type.String()]))

const iso = (value: Date | null) => value?.toISOString() ?? null

/** Writes a user as the wire has it. */
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

/** Writes a token as the wire has it. */
export const presentToken = (token: Token) => ({
  id: token.id,
  kind: token.kind,
  name: token.name,
  hint: token.hint,
  scope: token.scope,
  created: iso(token.created),
  expires: iso(token.expires),
  last_used: iso(token.lastUsed),
  disabled: token.disabled
})
