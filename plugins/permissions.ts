import { type Static, Type } from '@sinclair/typebox'
import { Errors, ValueErrorType } from '@sinclair/typebox/errors'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { type AuthtokenError, InvalidSettings, insufficientScope, NotAuthenticated, PermissionDenied } from '../src/errors.js'
import { KEYWORD_PATTERN, type PluginOptions } from '../src/options/plugin-options.js'
import { SCOPE_PATTERN } from '../src/identity/scope.js'
import { isAnonymous } from './caller.js'

/** Who may use a route, by the names of DRF's permission classes. */
export type Permission = NonNullable<PluginOptions['defaultPermission']>

/** What a route declares in `config.authtoken`; `false` leaves the route to others: no token is read there. */
export type RouteAuthtoken = Static<typeof routeSchema> | false

/** A permission function, for `config`-less routes: `onRequest: app.auth([app.isAdminUser])`. */
export type PermissionFunction = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

type Check = (request: FastifyRequest) => AuthtokenError | null

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

// On a route that the plugin does not know `auth` is undefined: nobody is let in there.
/** What each permission makes of a caller: the error to answer with, or null. */
export const permissions: Record<Permission, Check> = {
  allowAny: () => null,
  isAuthenticated: (request) => isAnonymous(request) ? new NotAuthenticated() : null,
  isAdminUser: ({ auth }) => auth == null ? new NotAuthenticated() : auth.isStaff ? null : new PermissionDenied(),
  isAuthenticatedOrReadOnly: (request) => SAFE_METHODS.has(request.method) || !isAnonymous(request) ? null : new NotAuthenticated()
}

// `right` says in words what a route may declare.
const keywordsRight = { right: "a list of at least one keyword without spaces, as ['Token']" }
const scopeRight = "one or more scopes with single spaces between them, as 'orders:read'"
const names = Object.keys(permissions) as Permission[]
const permissionSchema = Type.Union(names.map((name) => Type.Literal(name)), { right: `one of ${names.join(', ')}` })

const routeSchema = Type.Object({
  keywords: Type.Optional(Type.Array(Type.String({ pattern: KEYWORD_PATTERN, ...keywordsRight }), { minItems: 1, ...keywordsRight })),
  permission: Type.Optional(Type.Unsafe<Permission>(permissionSchema)),
  scope: Type.Optional(Type.String({ minLength: 1, pattern: SCOPE_PATTERN, right: scopeRight }))
}, { additionalProperties: false, right: 'an object, or false' })

const asFunction = (check: Check): PermissionFunction => (request, _reply, done) => { done(check(request) ?? undefined) }

/** The permission as a hook, or a function for `@fastify/auth`. */
export const permissionFunction = (permission: Permission): PermissionFunction => asFunction(permissions[permission])

/** What a needed scope, or all of several, makes of a caller. */
export const scopePermission = (scope: string): Check => ({ auth }) => {
  if (auth == null) return new NotAuthenticated()
  return auth.hasScope(scope) ? null : insufficientScope(scope)
}

/** The scope as a hook, or a function for `@fastify/auth`. @throws InvalidSettings where it is no scope */
export function scopeFunction (scope: string): PermissionFunction {
  const problem = Errors(routeSchema.properties.scope, scope).First()
  if (problem !== undefined) throw new InvalidSettings(`requireScope: the scope must be ${scopeRight}`)
  return asFunction(scopePermission(scope))
}

/** What a route declares, checked. @throws InvalidSettings that names the route and what would be right */
export function checkRoute (route: RouteOptions, own: object): Exclude<RouteAuthtoken, false> {
  const problem = Errors(routeSchema, own).First()
  if (problem === undefined) return own
  const { type, path, schema } = problem
  const isUnknown = type === ValueErrorType.ObjectAdditionalProperties
  const detail = isUnknown ? 'is not known; known are keywords, permission and scope' : `must be ${schema.right}`
  throw new InvalidSettings(`${[route.method].flat().join(',')} ${route.url}: config.authtoken${path.replaceAll('/', '.')} ${detail}`)
}
