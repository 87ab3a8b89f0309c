import type { Static } from '@sinclair/typebox'
import type { userSchema } from '../api/resources.js'
import type { NewUserRequest, UserChangesRequest } from '../api/user-requests.js'
import { pathSegment, type Requests } from './http-request.js'
import { iteratePages, type Page, type PageOptions } from './pages.js'
import { createTokenCalls } from './token-calls.js'

/** A user. */
export type WireUser = Static<typeof userSchema>

/** Which users. */
export interface UserSearch {
  /** Part of the username or e-mail address. */
  search?: string
}

/** The users, for administrators. */
export function createUserCalls (request: Requests) {
  const pathOf = (username: string) => `/users/${pathSegment(username)}/`
  return {
    /** A page of them. */
    list: (query: PageOptions & UserSearch = {}) => request<Page<WireUser>>('GET', '/users/', { query: { ...query } }),
    /** All of them, page by page. */
    all: (query: UserSearch = {}) => iteratePages<WireUser>(request, '/users/', { ...query }),
    create: (user: NewUserRequest) => request<WireUser>('POST', '/users/', { json: user }),
    get: (username: string) => request<WireUser>('GET', pathOf(username)),
    /** Changes any of the fields, the password too: that ends the user's tokens, unless `revoke_tokens` is false. */
    update: (username: string, changes: UserChangesRequest) => request<WireUser>('PATCH', pathOf(username), { json: changes }),
    delete: (username: string) => request<undefined>('DELETE', pathOf(username)),
    /** The tokens of one user. */
    tokens: (username: string) => createTokenCalls(request, `${pathOf(username)}tokens`)
  }
}
