import type { Static } from '@sinclair/typebox'
import { type ClientOptions, createRequests } from './client/requests.js'
import { createOwnTokenCalls } from './client/tokens.js'
import { createUserCalls } from './client/users.js'
import { createVerificationCalls } from './client/verification.js'
import type { exchangedSchema } from './wire/exchange.js'
import type { meSchema } from './wire/schemas.js'
import type { NewTokenRequest } from './wire/tokens.js'

export { ClientError, type ClientErrorCode } from './client/error.js'
export type { Page, PageOptions } from './client/pages.js'
export type { ClientOptions } from './client/requests.js'
export type { WireIssuedToken, WireToken } from './client/tokens.js'
export type { UserSearch, WireUser } from './client/users.js'
export type { IdentifiedIntrospection } from './client/verification.js'
export type { Introspection } from './wire/introspection.js'
export type { NewTokenRequest, RotateRequest, TokenChangesRequest } from './wire/tokens.js'
export type { NewUserRequest, UserChangesRequest } from './wire/users.js'

/** Calls the service. */
export type Client = ReturnType<typeof createClient>

/** The caller, and the token that it came with. */
export type Me = Static<typeof meSchema>

/**
 * A client of the service, for programs of any kind: names are as they are on the wire. It needs `fetch`, and loads nothing.
 * Each call throws ClientError where it fails.
 * @throws TypeError with all options that are wrong
 */
export function createClient (options: ClientOptions) {
  const request = createRequests(options)
  return {
    ...createVerificationCalls(request),

    /**
     * Exchanges a username and a password for a token. The caller's own token is not sent along.
     * @param token any of its fields makes it a new access token
     */
    exchange: (username: string, password: string, token: NewTokenRequest = {}) =>
      request<Static<typeof exchangedSchema>>({ method: 'POST', path: '/api-token-auth/', json: { ...token, username, password }, anonymous: true }),

    /** Who am I. */
    me: () => request<Me>({ method: 'GET', path: '/users/me/' }),

    /** The caller's own tokens. */
    tokens: createOwnTokenCalls(request),

    /** The users, for administrators. */
    users: createUserCalls(request)
  }
}
