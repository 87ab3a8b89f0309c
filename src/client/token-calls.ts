import type { Static } from '@sinclair/typebox'
import type { issuedTokenSchema, tokenSchema } from '../api/resources.js'
import type { KeepQuery, NewTokenRequest, RotateRequest, TokenChangesRequest } from '../api/token-requests.js'
import { allOf, type Page, type PageOptions } from './pages.js'
import { part, type Requests } from './http-request.js'

/** A token, without its key. */
export type WireToken = Static<typeof tokenSchema>
/** A token in the one answer that shows its key, as `token`. */
export type WireIssuedToken = Static<typeof issuedTokenSchema>

/**
 * The tokens below a path: the caller's own, or a user's.
 * @param base as /tokens
 */
export const createTokenCalls = (request: Requests, base: string) => ({
  /** A page of them. */
  list: (page: PageOptions = {}) => request<Page<WireToken>>({ method: 'GET', path: `${base}/`, query: { ...page } }),
  /** All of them, page by page: `for await (const token of tokens.all())`. */
  all: () => allOf<WireToken>(request, `${base}/`),
  /** Makes an access token. */
  create: (token: NewTokenRequest = {}) => request<WireIssuedToken>({ method: 'POST', path: `${base}/`, json: token }),
  /** @param id its public id; of the caller's own also `current` */
  get: (id: string) => request<WireToken>({ method: 'GET', path: `${base}/${part(id)}/` }),
  /** Renames, narrows, disables or enables one. */
  update: (id: string, changes: TokenChangesRequest) => request<WireToken>({ method: 'PATCH', path: `${base}/${part(id)}/`, json: changes }),
  /** Puts a new token in the place of one. */
  rotate: (id: string, options: RotateRequest = {}) => request<WireIssuedToken>({ method: 'POST', path: `${base}/${part(id)}/rotate/`, json: options }),
  /** Ends one, and the one that it replaced. */
  revoke: (id: string) => request<undefined>({ method: 'DELETE', path: `${base}/${part(id)}/` }),
  /** Ends all of them, the DRF token too. */
  revokeAll: () => request<undefined>({ method: 'DELETE', path: `${base}/` })
})

/** The caller's own tokens. */
export const createOwnTokenCalls = (request: Requests) => ({
  ...createTokenCalls(request, '/tokens'),
  /** Logs out everywhere. @param options `{ keep: 'current' }`: but here */
  revokeAll: (options: KeepQuery = {}) => request<undefined>({ method: 'DELETE', path: '/tokens/', query: { ...options } }),
  /** Ends the token that asks, whatever its scope. */
  logOut: () => request<undefined>({ method: 'DELETE', path: '/tokens/current/' })
})
