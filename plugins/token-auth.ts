import '@fastify/auth'
import fastifyAuth from '@fastify/auth'
import type { FastifyInstance, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { AuthtokenError, InvalidSettings } from '../src/errors.js'
import type { Authenticator, User } from '../src/identity/identity.js'
import { withDefaults } from '../src/options/option-groups.js'
import { type PluginOptions, pluginOptions } from '../src/options/plugin-options.js'
import { type AuthenticatorSource, type Check, createAuthenticateHook } from './authenticate-hook.js'
import { type Auth, decorateRequests } from './caller.js'
import { refuseEarlyRoutes } from './early-routes.js'
import { challengeOf, sendDrfError } from './http/drf-errors.js'
import {
  checkRoute, type Permission, type PermissionFunction, permissionFunction, permissions, type RouteAuthtoken, scopeFunction, scopePermission
} from './permissions.js'

/** Options of `tokenAuth`. */
export interface TokenAuthOptions extends PluginOptions {
  /** Where keys are looked up. */
  authenticator: Authenticator
}

/** Where an application's authenticator is: a test may put another before it. */
export const AUTHENTICATOR = Symbol.for('fastify-authtoken.authenticator')

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller, or null: anonymous. */
    user: User | null
    /** The caller's token, without its key, or null: anonymous. */
    auth: Auth | null
  }
  interface FastifyInstance {
    /** Lets authenticated callers through; 401 for the others. */
    verifyToken: PermissionFunction
    /** The same, by DRF's name. */
    isAuthenticated: PermissionFunction
    /** Lets staff through (`is_staff`); 401 for anonymous callers, 403 for the others. */
    isAdminUser: PermissionFunction
    /** Lets tokens with all of these space-separated scopes through; 401 for anonymous callers, 403 for the others (RFC 6750). */
    requireScope: (scope: string) => PermissionFunction
    /** Lets everybody through for GET, HEAD and OPTIONS, authenticated callers for the rest. */
    isAuthenticatedOrReadOnly: PermissionFunction
    [AUTHENTICATOR]: AuthenticatorSource
  }
  interface FastifyContextConfig {
    authtoken?: RouteAuthtoken
  }
}

/**
 * Token authentication for the scope in which it is registered: each request there knows its caller.
 * The caller is found out once, in an `onRequest` hook that comes first on each route of the scope.
 */
async function tokenAuth (app: FastifyInstance, options: TokenAuthOptions): Promise<void> {
  const { authenticator } = options
  const { keywords, defaultPermission, errors, administrators } = withDefaults(pluginOptions, options)
  const source: AuthenticatorSource = { authenticator, keyword: keywords[0] as string }

  if (app.hasDecorator('verifyToken')) {
    throw new InvalidSettings('authtoken is registered in this scope already, or in one around it; ' +
      'two registrations must be in sibling scopes')
  }
  refuseEarlyRoutes(app, defaultPermission)

  decorateRequests(app, administrators)
  app.decorate('verifyToken', permissionFunction('isAuthenticated'))
  app.decorate('isAuthenticated', permissionFunction('isAuthenticated'))
  app.decorate('isAdminUser', permissionFunction('isAdminUser'))
  app.decorate('isAuthenticatedOrReadOnly', permissionFunction('isAuthenticatedOrReadOnly'))
  app.decorate('requireScope', scopeFunction)
  app.decorate(AUTHENTICATOR, source)
  if (!app.hasDecorator('auth')) await app.register(fastifyAuth)

  app.addHook('onRoute', (route) => {
    const own = route.config?.authtoken
    if (own === false) return
    const policy = { keywords, permission: defaultPermission, ...checkRoute(route, own ?? {}) }
    route.onRequest = [createAuthenticateHook(source, policy.keywords, policyOf(policy)), ...[route.onRequest ?? []].flat()]
    route.errorHandler = createErrorHandler(route.errorHandler, policy.keywords[0] as string, errors)
  })
}

/** The permission and the scope, where both are declared both are needed. */
function policyOf ({ permission, scope }: { permission: Permission, scope?: string | undefined }): Check {
  const isPermitted = permissions[permission]
  if (scope === undefined) return isPermitted
  const hasScope = scopePermission(scope)
  return (request) => isPermitted(request) ?? hasScope(request)
}

type ErrorHandler = NonNullable<RouteOptions['errorHandler']>

/** Answers our errors, and passes everything else on to the route's own handler, or to the host's. */
function createErrorHandler (own: ErrorHandler | undefined, challenge: string, errors: 'drf' | 'throw'): ErrorHandler {
  return function (error, request, reply) {
    if (error instanceof AuthtokenError) {
      if (errors === 'drf') return sendDrfError(error, reply, challenge)
      const value = challengeOf(error, challenge)
      if (value !== null) error.headers = { ...error.headers, 'www-authenticate': value }
    }
    if (own !== undefined) return own.call(this, error, request, reply)
    reply.send(error)
  }
}

export default fp(tokenAuth, { name: 'authtoken-token-auth', fastify: '5.x' })
