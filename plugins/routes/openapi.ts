import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

const TAGS = ['authentication', 'tokens', 'users', 'verification', 'operation']

/** Describes the routes that are registered behind it. */
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
}

/**
 * The description at `/openapi.json` (OpenAPI 3.1), its page at `/docs`.
 * @param options `callersOnly`: nobody else may read them; registered behind `tokenAuth` then, and before it otherwise
 */
export async function openapiPages (app: FastifyInstance, { callersOnly }: { callersOnly: boolean }): Promise<void> {
  if (callersOnly) app.addHook('preHandler', app.isAuthenticated)
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    // The page is served over plain HTTP too, where its own files must not be asked for over HTTPS.
    transformStaticCSP: (policy) => policy.replace('upgrade-insecure-requests;', '')
  })
  const config = callersOnly ? {} : { authtoken: false as const }
  app.get('/openapi.json', { config, schema: { hide: true } }, async () => app.swagger())
}

export default fp(openapi, { name: 'authtoken-openapi', fastify: '5.x' })
