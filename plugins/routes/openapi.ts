import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

const TAGS = ['authentication', 'tokens', 'users', 'verification', 'operation']

/** OpenAPI 3.1 at `/openapi.json`, its page at `/docs`. Registered before the routes that it describes. */
async function openapi (app: FastifyInstance, { version, keyword }: { version: string, keyword: string }): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'fastify-authtoken', version, description: 'Django REST framework\'s token authentication.' },
      components: { securitySchemes: { token: { type: 'apiKey', in: 'header', name: 'Authorization', description: `${keyword} <key>` } } },
      security: [{ token: [] }],
      tags: TAGS.map((name) => ({ name }))
    }
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    // The page is served over plain HTTP too, where its own files must not be asked for over HTTPS.
    transformStaticCSP: (policy) => policy.replace('upgrade-insecure-requests;', '')
  })
  app.get('/openapi.json', { config: { authtoken: false }, schema: { hide: true } }, async () => app.swagger())
}

export default fp(openapi, { name: 'authtoken-openapi', fastify: '5.x' })
