import { type Static, Type } from '@sinclair/typebox'
import { TEXT_PATTERN } from './text-field.js'
import { newTokenFields } from './token-requests.js'

/** The body of the exchange, once usernames are trimmed and numbers turned into text. With a new token's fields it makes one. */
export const credentialsSchema = Type.Object({
  username: Type.String({ minLength: 1, pattern: TEXT_PATTERN, description: 'White space around it is ignored.' }),
  password: Type.String({ minLength: 1, pattern: TEXT_PATTERN, description: 'Taken as it is.' }),
  ...newTokenFields
})

/** The answer of the exchange. */
export const exchangedSchema = Type.Object({ token: Type.String({ description: 'For the header Authorization: Token <token>' }) })

export type ExchangeRequest = Static<typeof credentialsSchema>
