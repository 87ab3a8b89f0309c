import { type Static, Type } from '@sinclair/typebox'
import { Errors } from '@sinclair/typebox/errors'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { type AuthtokenError, InvalidSettings, insufficientScope, NotAuthenticated, PermissionDenied } from '../src/errors.js'
import { KEYWORD_PATTERN } from '../src/options/plugin-options.js'
import { SCOPE_PATTERN } from '../src/identity/scope.js'
import { isAnonymous } from './caller.js'

/** Who may use a route, by the names of DRF's permission classes. */
export type Permission = 'allowAny' | 'isAuthenticated' | 'isAdminUser' | 'isAuthenticatedOrReadOnly'

/** What a route declares in `config.authtoken`; `false` leaves the route to others: no token is read there. */
export type RouteAuthtoken = Static<typeof routeSchema> | false

/** A permission function, for `config`-less routes: `onRequest: app.auth([app.isAdminUser])`. */
export type PermissionFunction = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

const keywordsSchema = Type.Array(Type.String({ pattern: KEYWORD_PATTERN }), { minItems: 1 })
const permissionSchema = Type.Union([
  Type.Literal('allowAny'), Type.Literal('isAuthenticated'), Type.Literal('isAdminUser'), Type.Literal('isAuthenticatedOrReadOnly')
])
const routeSchema = Type.Object({
  keywords: Type.Optional(keywordsSchema),
  permission: Type.Optional(permissionSchema),
  scope: Type.Optional(Type.String({ minLength: 1, pattern: SCOPE_PATTERN }))
}, { additionalProperties: false })

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * What each permission makes of a caller: the error to answer with, or null.
 * `user` is undefined on a route that the plugin does not know: nobody is let in there.
 */
export const permissions: Record<Permission, (request: FastifyRequest) => AuthtokenError | null> = {
  allowAny: () => null,
  isAuthenticated: (request) => isAnonymous(request) ? new NotAuthenticated() : null,
  isAdminUser: ({ auth }) => auth == null ? new NotAuthenticated() : auth.isStaff ? null : new PermissionDenied(),
  isAuthenticatedOrReadOnly: (request) => SAFE_METHODS.has(request.method) || !isAnonymous(request) ? null : new NotAuthenticated()
}

/** The permission as a hook, or a function for `@fastify/auth`. */
export const permissionFunction = (permission: Permission): PermissionFunction => (request, _reply, done) => {
  done(permissions[permission](request) ?? undefined)
}

/**
 * What a needed scope makes of a caller.
 * @param scope space-separated scopes, all of which are needed
 */
export const scopePermission = (scope: string) => ({ auth }: FastifyRequest): AuthtokenError | null => {
  if (auth == null) return new NotAuthenticated()
  return auth.hasScope(scope) ? null : insufficientScope(scope)
}

/** The scope as a hook, or a function for `@fastify/auth`. @throws InvalidSettings where it is no scope */
export function scopeFunction (scope: string): PermissionFunction {
  if (typeof scope !== 'string' || scope === '' || !new RegExp(SCOPE_PATTERN).test(scope)) throw new InvalidSettings(`requireScope: the scope must be ${SCOPE_EXAMPLE}`)
  const check = scopePermission(scope)
  return (request, _reply, done) => { done(check(request) ?? undefined) }
}

const SCOPE_EXAMPLE = "one or more scopes with single spaces between them, as 'orders:read'"

/** What a route declares, checked. @throws InvalidSettings that names the route and what would be right */
export function checkRoute (route: RouteOptions, own: object): Exclude<RouteAuthtoken, false> {
  const problem = Errors(routeSchema, own).First()
  if (problem === undefined) return own
  const { path, message } = problem
  const detail = message === 'Unexpected property' ? 'is not known; known are keywords, permission and scope' : `must be ${expected(path)}`
  throw new InvalidSettings(`${[route.method].flat().join(',')} ${route.url}: config.authtoken${path.replaceAll('/', '.')} ${detail}`)
}

const expected = (path: string): string => {
  if (path.startsWith('/permission')) return `one of ${Object.keys(permissions).join(', ')}`
  if (path.startsWith('/keywords')) return "a list of at least one keyword without spaces, as ['Token']"
  if (path.startsWith('/scope')) return SCOPE_EXAMPLE
  return 'an object, or false'
}
