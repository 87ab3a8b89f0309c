import '@fastify/auth'
import fastifyAuth from '@fastify/auth'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { AuthtokenError, InvalidSettings } from '../src/errors.js'
import type { Authenticator, User } from '../src/identity/identity.js'
import { withDefaults } from '../src/options/option-groups.js'
import { type PluginOptions, pluginOptions } from '../src/options/plugin-options.js'
import { type AuthenticatorSource, createFindCaller, type FindCaller } from './authenticate-hook.js'
import { type Auth, decorateRequests } from './caller.js'
import { nameOf } from './declared-routes.js'
import { findOnRoute, guardRoutes } from './guard-routes.js'
import { createPermissionFunctions, type PermissionFunction } from './permission-functions.js'
import { sendDrfError, withChallenge } from './http/drf-errors.js'
import { checkOf, type Policy, type PolicyFields, type RouteAuthtoken } from './policy.js'
import { createPublicRoutes } from './public-routes.js'
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

const PUBLIC = { permission: 'allowAny' as const, scope: null }

/**
 * Token authentication for the scope in which it is registered: each request there knows its caller.
 * The caller is found out once, in an `onRequest` hook that comes first on each route of the scope.
 */
async function tokenAuth (app: FastifyInstance, options: TokenAuthOptions): Promise<void> {
  const { authenticator } = options
  const { keywords, defaultPermission, public: open = [], notFound, errors, administrators } = withDefaults(pluginOptions, options)
  const source: AuthenticatorSource = { authenticator, keyword: keywords[0] as string }

  if (app.hasDecorator('verifyToken')) {
    throw new InvalidSettings('authtoken is registered in this scope already, or in one around it; ' +
      'two registrations must be in sibling scopes')
  }
  const scopes = createScopePolicies(app)
  const publicRoutes = createPublicRoutes(open)
  const everywhere: Policy = { keywords, permission: defaultPermission, scope: null }
  guardRoutes(app, {
    source,
    errors,
    checkAll: publicRoutes.refuseUnused,
    policyOf (route) {
      const { config, server } = route
      const own = declarationOf(nameOf(config), config)
      if (own === false) return null
      return { ...everywhere, ...scopes.of(server), ...(publicRoutes.has(route) && PUBLIC), ...own }
    }
  })
  const policyOfScope = (scope: FastifyInstance): Policy => ({ ...everywhere, ...scopes.of(scope) })
  const finders = findersOfScopes(source, policyOfScope)
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
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) {
      done()
      return
    }
    const policy = policyOfScope(request.server)
    finders(request.server)(request, (refusal) => {
      if (notFound === 'open') return done()
      const error = refusal ?? checkOf(policy)(request)
      const keyword = policy.keywords[0] as string
      if (!(error instanceof AuthtokenError)) return done(error ?? undefined)
      if (errors === 'drf') sendDrfError(error, reply, keyword)
      else done(withChallenge(error, keyword))
    })
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
