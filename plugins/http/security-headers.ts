import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import helmet from 'helmet'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `false` where no browser reads the answers. */
    securityHeaders?: false
  }
}

/** Helmet's headers, under a policy that lets nothing be loaded. `@fastify/helmet` would work them out again for each request. */
async function securityHeaders (app: FastifyInstance): Promise<void> {
  const directives = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] }
  const addHeaders = helmet({ contentSecurityPolicy: { useDefaults: false, directives } })
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.securityHeaders === false) done()
    else addHeaders(request.raw, reply.raw, done as (error?: unknown) => void)
  })
}

export default fp(securityHeaders, { name: 'authtoken-security-headers', fastify: '5.x' })
