import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { InvalidSettings } from '../src/errors.js'

const PROTECTED = Symbol('authtoken.protected')
const REMEDY = 'put "await app.register(authtoken, …)" before'

/**
 * Routes that were declared before the plugin was loaded have no hook of ours. None of them may be open that should not be:
 * where it is certain that they belong to the scope the start stops, elsewhere each request to them is refused.
 * @param defaultPermission what routes of the scope need that declare nothing
 */
export function refuseEarlyRoutes (app: FastifyInstance, defaultPermission: string): void {
  const early = earlyRoutes(app)
  if (early.length === 0) return
  const isRoot = Object.getPrototypeOf(app) === Object.prototype
  const ours = isRoot ? early : early.filter((path) => app.prefix !== '' && (path === app.prefix || path.startsWith(`${app.prefix}/`)))
  if (defaultPermission !== 'allowAny' && ours.length > 0) {
    const paths = ours.slice(0, 5).join(' ')
    throw new InvalidSettings(`routes were declared before authtoken was registered and would be open: ${paths}; ${REMEDY} them`)
  }

  app.addHook('onRoute', (route) => {
    route.config = Object.assign({}, route.config, { [PROTECTED]: true })
  })
  app.addHook('preParsing', (request: FastifyRequest, _reply: FastifyReply, _payload, done) => {
    const config = request.routeOptions.config as { authtoken?: unknown, [PROTECTED]?: boolean }
    const open = request.is404 || config[PROTECTED] === true || config.authtoken === false ||
      (defaultPermission === 'allowAny' && config.authtoken === undefined)
    done(open ? null : new Error(`This route was declared before authtoken was registered: ${REMEDY} it.`))
  })
}

const earlyRoutes = (app: FastifyInstance): string[] =>
  [...app.printRoutes({ commonPrefix: false }).matchAll(/(\/\S*|\*) \([A-Z, ]+\)/g)].map(([, path]) => path as string)
