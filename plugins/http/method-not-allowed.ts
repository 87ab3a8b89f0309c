import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyRequest, onRequestHookHandler, RouteOptions } from 'fastify'
import { invalidRequest, MethodNotAllowed } from '../../src/errors.js'

interface MethodNotAllowedOptions {
  config?: RouteOptions['config']
  /** Hooks that run first: who may not use the path gets 401 or 403, not 405, as in DRF. */
  onRequest?: onRequestHookHandler[]
  /** Whether the 405 is told as OAuth 2.0 tells errors. */
  oauth?: boolean
}

/**
 * Answers the methods that a path does not know: 405 with `Allow`, before the body is read; OPTIONS with `Allow` alone.
 * @param methods what it knows; HEAD goes with GET
 */
export function methodNotAllowed (app: FastifyInstance, url: string, methods: string[], options: MethodNotAllowedOptions = {}): void {
  const { config = {}, onRequest = [], oauth = false } = options
  const known = methods.includes('GET') ? [...methods, 'HEAD'] : methods
  const allow = [...new Set([...known, 'OPTIONS'])].join(', ')
  const schema = { hide: true }

  const refuse = (request: FastifyRequest, _reply: unknown, done: (error: Error) => void): void => {
    const error = oauth ? invalidRequest(`Use ${methods.join(', ')}.`, 405) : new MethodNotAllowed(request.method)
    error.headers = { allow }
    done(error)
  }
  const unknown = app.supportedMethods.filter((method) => !known.includes(method) && method !== 'OPTIONS')
  app.route({ method: unknown, url, config, schema, onRequest: [...onRequest, refuse], handler: async () => {} })
  if (methods.includes('OPTIONS')) return
  app.options(url, { config, schema, onRequest }, async (_request, reply) => reply.header('allow', allow).code(204).send())
}
