import type { Static } from '@sinclair/typebox'
import { type ClientOptions, createRequests } from './client/http-request.js'
import { createOwnTokenCalls } from './client/token-calls.js'
import { createUserCalls } from './client/user-calls.js'
import { createVerificationCalls } from './client/verification-calls.js'
import type { exchangedSchema } from './api/exchange-request.js'
import type { meSchema } from './api/resources.js'
import type { NewTokenRequest } from './api/token-requests.js'

export { ClientError, type ClientErrorCode } from './client/client-error.js'
export type { Page, PageOptions } from './client/pages.js'
export type { ClientOptions } from './client/http-request.js'
export type { WireIssuedToken, WireToken } from './client/token-calls.js'
export type { UserSearch, WireUser } from './client/user-calls.js'
export type { IdentifiedIntrospection } from './client/verification-calls.js'
export type { Introspection } from './api/introspection.js'
export type { NewTokenRequest, RotateRequest, TokenChangesRequest } from './api/token-requests.js'
export type { NewUserRequest, UserChangesRequest } from './api/user-requests.js'

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
      request<Static<typeof exchangedSchema>>('POST', '/api-token-auth/', { json: { ...token, username, password }, anonymous: true }),

    /** Who am I. */
    me: () => request<Me>('GET', '/users/me/'),

    /** The caller's own tokens. */
    tokens: createOwnTokenCalls(request),

    /** The users, for administrators. */
    users: createUserCalls(request)
  }
}
