import type { Static } from '@sinclair/typebox'
import type { userSchema } from '../api/resources.js'
import type { NewUserRequest, UserChangesRequest } from '../api/user-requests.js'
import { allOf, type Page, type PageOptions } from './pages.js'
import { part, type Requests } from './http-request.js'
import { createTokenCalls } from './token-calls.js'

/** A user. */
export type WireUser = Static<typeof userSchema>

/** Which users. */
export interface UserSearch {
  /** Part of the username or e-mail address. */
  search?: string
}

/** The users, for administrators. */
export const createUserCalls = (request: Requests) => ({
  /** A page of them. */
  list: (query: PageOptions & UserSearch = {}) => request<Page<WireUser>>({ method: 'GET', path: '/users/', query: { ...query } }),
  /** All of them, page by page. */
  all: (query: UserSearch = {}) => allOf<WireUser>(request, '/users/', { ...query }),
  create: (user: NewUserRequest) => request<WireUser>({ method: 'POST', path: '/users/', json: user }),
  get: (username: string) => request<WireUser>({ method: 'GET', path: `/users/${part(username)}/` }),
  /** Changes any of the fields, the password too: that ends the user's tokens, unless `revoke_tokens` is false. */
  update: (username: string, changes: UserChangesRequest) => request<WireUser>({ method: 'PATCH', path: `/users/${part(username)}/`, json: changes }),
  delete: (username: string) => request<undefined>({ method: 'DELETE', path: `/users/${part(username)}/` }),
  /** The tokens of one user. */
  tokens: (username: string) => createTokenCalls(request, `/users/${part(username)}/tokens`)
})
