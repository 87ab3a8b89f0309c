import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import helmet from 'helmet'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `false`: answers that no browser reads, and no header is added to. */
    securityHeaders?: false
  }
}

/**
 * Helmet's headers on every answer, under a policy that lets nothing be loaded. `@fastify/helmet` would work them out again
 * for each request, and that led the profile of an answer of the service.
 */
async function securityHeaders (app: FastifyInstance): Promise<void> {
  const addHeaders = helmet({ contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } } })
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.securityHeaders === false) done()
    else addHeaders(request.raw, reply.raw, done as (error?: unknown) => void)
  })
}

export default fp(securityHeaders, { name: 'authtoken-security-headers', fastify: '5.x' })
