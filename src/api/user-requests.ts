import { type Static, Type } from '@sinclair/typebox'
import { pagesSchema } from './list-query.js'
import { TEXT_PATTERN } from './text-field.js'

const EMAIL = '^$|^[^\\s@\\0\\uD800-\\uDFFF]+@[^\\s@\\0\\uD800-\\uDFFF]+\\.[^\\s@\\0\\uD800-\\uDFFF]+$'

const text = (maxLength: number) => Type.Optional(Type.String({ maxLength, pattern: TEXT_PATTERN }))

const changeable = {
  email: Type.Optional(Type.String({ maxLength: 254, pattern: EMAIL, problem: 'Enter a valid email address.' })),
  first_name: text(150),
  last_name: text(150),
  is_staff: Type.Optional(Type.Boolean()),
  is_superuser: Type.Optional(Type.Boolean()),
  is_active: Type.Optional(Type.Boolean())
}
const username = Type.String({ minLength: 1, pattern: TEXT_PATTERN, description: 'At most 150 letters, digits and @.+-_' })
const password = Type.String({
  minLength: 1,
  pattern: TEXT_PATTERN,
  description: 'Django\'s rules: 8 characters, not all digits, not a common one, not like the username or e-mail.'
})

/** A new user. */
export const newUserSchema = Type.Object({ username, password, ...changeable }, { additionalProperties: false })

/** What of a user is to be changed. */
export const userChangesSchema = Type.Object({
  username: Type.Optional(username),
  password: Type.Optional(password),
  revoke_tokens: Type.Optional(Type.Boolean({
    description: 'Whether a new password ends the user\'s tokens; true by default. Django keeps them.'
  })),
  ...changeable
}, { additionalProperties: false })

/** The query of the list of users. */
export const usersQuerySchema = Type.Object({
  ...pagesSchema.properties,
  search: Type.Optional(Type.String({ pattern: TEXT_PATTERN, maxLength: 254, description: 'Part of the username or e-mail address.' }))
})

export type NewUserRequest = Static<typeof newUserSchema>
export type UserChangesRequest = Static<typeof userChangesSchema>
export type UsersQuery = Static<typeof usersQuerySchema>
