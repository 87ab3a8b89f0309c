import '@fastify/auth'
import fastifyAuth from '@fastify/auth'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { InvalidSettings } from '../src/errors.js'
import type { Authenticator, User } from '../src/identity/identity.js'
import { withDefaults } from '../src/options/option-groups.js'
import { type PluginOptions, pluginOptions } from '../src/options/plugin-options.js'
import { type AuthenticatorSource, createFindCaller, type FindCaller } from './authenticate-hook.js'
import { type Auth, decorateRequests } from './caller.js'
import { nameOf } from './declared-routes.js'
import { findOnRoute, guardRoutes } from './guard-routes.js'
import { createPermissionFunctions, type PermissionFunction } from './permission-functions.js'
import type { Policy, PolicyFields, RouteAuthtoken } from './policy.js'
import { declarationOf } from './route-config.js'
import { createScopePolicies } from './scope-policy.js'

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
    /** Declares what the routes of this scope and below need; each may declare otherwise, field by field. Once a scope. */
    authtokenPolicy: (policy: PolicyFields) => void
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
  const scopes = createScopePolicies(app)
  const everywhere: Policy = { keywords, permission: defaultPermission, scope: null }
  guardRoutes(app, {
    source,
    errors,
    policyOf ({ config, server }) {
      const own = declarationOf(nameOf(config), config)
      return own === false ? null : { ...everywhere, ...scopes.of(server), ...own }
    }
  })
  const finders = findersOfScopes(source, (scope) => ({ ...everywhere, ...scopes.of(scope) }))
  const { requireScope, ...functions } = createPermissionFunctions((request) => {
    if (!request.is404) return findOnRoute(request, source)
    return request.server[AUTHENTICATOR] === source ? finders(request.server) : null
  })

  decorateRequests(app, administrators)
  for (const [name, value] of Object.entries(functions)) app.decorate(name as 'verifyToken', value)
  app.decorate('requireScope', requireScope)
  app.decorate('authtokenPolicy', function (policy) { scopes.declare(this, policy) })
  app.decorate(AUTHENTICATOR, source)
  if (!app.hasDecorator('auth')) await app.register(fastifyAuth)

  // No route has this hook of its own, so nothing else finds the caller of what is not found.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) finders(request.server)(request, () => done())
    else done()
  })
}

/** The way to callers of a scope where no route is theirs, made when it is first needed. */
function findersOfScopes (source: AuthenticatorSource, policyOf: (scope: FastifyInstance) => Policy) {
  const finders = new WeakMap<FastifyInstance, FindCaller>()
  return (scope: FastifyInstance): FindCaller => {
    const find = finders.get(scope) ?? createFindCaller(source, policyOf(scope).keywords)
    finders.set(scope, find)
    return find
  }
}

export default fp(tokenAuth, { name: 'authtoken-token-auth', fastify: '5.x' })
