import type { FastifyInstance, FastifyRequest, onRequestHookHandler, preHandlerHookHandler, RouteOptions } from 'fastify'
import { AuthtokenError, InvalidSettings } from '../src/errors.js'
import {
  type AuthenticatorSource, createAuthenticateHook, createFindCaller, createLookAgainHook, type FindCaller
} from './authenticate-hook.js'
import { type DeclaredRoute, declaredRoutes, nameOf } from './declared-routes.js'
import { sendDrfError, withChallenge } from './http/drf-errors.js'
import { checkOf, type Policy } from './policy.js'
import { declarationOf, GUARD, refuseBesideConfig, watchConfig } from './route-config.js'

/** What guards one route. Its policy is read when all routes and their hooks are there. */
interface Guard {
  route: RouteOptions
  source: AuthenticatorSource
  /** From now on nobody changes the policy. */
  close: (declared: DeclaredRoute) => void
  /** The first keyword; null: the route is left to others, and `find` with it. */
  keyword: string | null
  find: FindCaller | null
  hook: onRequestHookHandler
  again: preHandlerHookHandler
  authenticate: onRequestHookHandler
  lookAgain: preHandlerHookHandler
}

/** What is guarded, and how. */
export interface GuardedRoutes {
  source: AuthenticatorSource
  errors: 'drf' | 'throw'
  /** What holds for a route; null: it is left to others. */
  policyOf: (route: DeclaredRoute) => Policy | null
  /** Checks, at ready, what is said of all routes together. */
  checkAll: (routes: DeclaredRoute[]) => void
}

/**
 * Guards each route of a scope with a hook that comes first of the route's own.
 * @throws InvalidSettings at ready, where a route's policy can't be understood, or a route escapes the guard
 */
export function guardRoutes (app: FastifyInstance, { source, errors, policyOf, checkAll }: GuardedRoutes): void {
  app.addHook('onRoute', (route) => {
    const guard = createGuard(route, source)
    refuseBesideConfig(route)
    declarationOf(nameOf(route), route.config)
    guard.close = watchConfig(route, guard)
    route.onRequest = [guard.hook, ...[route.onRequest ?? []].flat()]
    route.preHandler = [guard.again, ...[route.preHandler ?? []].flat()]
    route.errorHandler = createErrorHandler(route.errorHandler, guard, errors)
  })
  app.addHook('onReady', async () => {
    const routes = declaredRoutes(app).filter(({ server }) => server === app || Object.prototype.isPrototypeOf.call(app, server))
    checkAll(routes)
    refuseOpenRoutes(routes.filter((route) => guardOf(route) === undefined), policyOf)
    for (const route of routes) readPolicy(guardOf(route), route, policyOf(route))
  })
}

/** The way to the caller of a request to a guarded route; null: the route is another's. */
export function findOnRoute (request: FastifyRequest, source: AuthenticatorSource): FindCaller | null {
  const guard = guardOf(request.routeOptions as never)
  return guard?.source === source ? guard.find : null
}

const guardOf = ({ config }: DeclaredRoute): Guard | undefined => (config as { [GUARD]?: Guard })[GUARD]

function createGuard (route: RouteOptions, source: AuthenticatorSource): Guard {
  const guard: Guard = {
    route,
    source,
    close () {},
    keyword: null,
    find: null,
    hook (request, reply, done) { guard.authenticate.call(this, request, reply, done) },
    again (request, reply, done) { guard.lookAgain.call(this, request, reply, done) },
    authenticate (_request, _reply, done) { done(new Error('The policy of this route is not read yet')) },
    lookAgain (_request, _reply, done) { done() }
  }
  return guard
}

function readPolicy (guard: Guard | undefined, declared: DeclaredRoute, policy: Policy | null): void {
  if (guard === undefined) return
  const { route, source, hook } = guard
  if (![route.onRequest].flat().includes(hook)) {
    throw new InvalidSettings(`${nameOf(route)}: an onRoute hook took the hook of authtoken away; let it keep what is in route.onRequest`)
  }
  guard.close(declared)
  if (policy === null) {
    guard.authenticate = (_request, _reply, done) => done()
    return
  }
  guard.keyword = policy.keywords[0] as string
  guard.find = createFindCaller(source, policy.keywords)
  const check = checkOf(policy)
  guard.authenticate = createAuthenticateHook(guard.find, check)
  guard.lookAgain = createLookAgainHook(guard.find, check)
}

/** Routes that were declared before the plugin have no hook of ours: none of them may be open that should not be. */
function refuseOpenRoutes (early: DeclaredRoute[], policyOf: GuardedRoutes['policyOf']): void {
  const open = early.filter((route) => !isPreflight(route)).filter((route) => {
    const policy = policyOf(route)
    return policy !== null && (policy.permission !== 'allowAny' || policy.scope !== null)
  })
  if (open.length === 0) return
  const names = open.slice(0, 5).map(({ config }) => nameOf(config)).join(', ')
  throw new InvalidSettings(`routes were declared before authtoken was registered and would be open: ${names}; ` +
    'put "await app.register(authtoken, …)" before them, or move the plugins that declare them behind it; ' +
    'one that is to be open says so: config: { authtoken: false }')
}

/** The bare `OPTIONS *` of `@fastify/cors`, which has no content. */
const isPreflight = ({ config, server }: DeclaredRoute): boolean => config.method === 'OPTIONS' && config.url === `${server.prefix}*`

type ErrorHandler = NonNullable<RouteOptions['errorHandler']>

/** Answers our errors, and passes everything else on to the route's own handler, or to the host's. */
function createErrorHandler (own: ErrorHandler | undefined, guard: Guard, errors: 'drf' | 'throw'): ErrorHandler {
  return function (error, request, reply) {
    const { keyword } = guard
    if (error instanceof AuthtokenError && keyword !== null) {
      if (errors === 'drf') return sendDrfError(error, reply, keyword)
      withChallenge(error, keyword)
    }
    if (own !== undefined) return own.call(this, error, request, reply)
    reply.send(error)
  }
}
