import type { Static } from '@sinclair/typebox'
import type { issuedTokenSchema, tokenSchema } from '../api/resources.js'
import type { KeepQuery, NewTokenRequest, RotateRequest, TokenChangesRequest } from '../api/token-requests.js'
import { pathSegment, type Requests } from './http-request.js'
import { iteratePages, type Page, type PageOptions } from './pages.js'

/** A token, without its key. */
export type WireToken = Static<typeof tokenSchema>
/** A token in the one answer that shows its key, as `token`. */
export type WireIssuedToken = Static<typeof issuedTokenSchema>

/** The tokens below a path: the caller's own, or a user's. */
export function createTokenCalls (request: Requests, base: string) {
  const pathOf = (id: string) => `${base}/${pathSegment(id)}/`
  return {
    /** A page of them. */
    list: (page: PageOptions = {}) => request<Page<WireToken>>('GET', `${base}/`, { query: { ...page } }),
    /** All of them, page by page: `for await (const token of tokens.all())`. */
    all: () => iteratePages<WireToken>(request, `${base}/`),
    /** Makes an access token. */
    create: (token: NewTokenRequest = {}) => request<WireIssuedToken>('POST', `${base}/`, { json: token }),
    /** @param id its public id; of the caller's own also `current` */
    get: (id: string) => request<WireToken>('GET', pathOf(id)),
    /** Renames, narrows, disables or enables one. */
    update: (id: string, changes: TokenChangesRequest) => request<WireToken>('PATCH', pathOf(id), { json: changes }),
    /** Puts a new token in the place of one. */
    rotate: (id: string, options: RotateRequest = {}) => request<WireIssuedToken>('POST', `${pathOf(id)}rotate/`, { json: options }),
    /** Ends one, and the one that it replaced. */
    revoke: (id: string) => request<undefined>('DELETE', pathOf(id)),
    /** Ends all of them, the DRF token too. */
    revokeAll: () => request<undefined>('DELETE', `${base}/`)
  }
}

/** The caller's own tokens. */
export const createOwnTokenCalls = (request: Requests) => ({
  ...createTokenCalls(request, '/tokens'),
  /** Logs out everywhere. @param options `{ keep: 'current' }`: but here */
  revokeAll: (options: KeepQuery = {}) => request<undefined>('DELETE', '/tokens/', { query: { ...options } }),
  /** Ends the token that asks, whatever its scope. */
  logOut: () => request<undefined>('DELETE', '/tokens/current/')
})
