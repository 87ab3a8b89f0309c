import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'

/** Options of `openapi`. */
export interface OpenapiOptions {
  /** The version of the service. */
  version: string
  /** The keyword of the `Authorization` header. */
  keyword: string
}

/** OpenAPI 3.1 at `/openapi.json`, its page at `/docs`. Registered before the routes that it describes. */
export default fp<OpenapiOptions>(async (app, { version, keyword }) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'fastify-authtoken', version, description: 'Django REST framework\'s token authentication.' },
      components: {
        securitySchemes: {
          token: { type: 'apiKey', in: 'header', name: 'Authorization', description: `${keyword} <key>` }
        }
      },
      security: [{ token: [] }],
      tags: [{ name: 'authentication' }, { name: 'tokens' }, { name: 'users' }, { name: 'verification' }, { name: 'operation' }]
    }
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    // The page is served over plain HTTP too, where its own files must not be asked for over HTTPS.
    transformStaticCSP: (policy) => policy.replace('upgrade-insecure-requests;', '')
  })
  app.get('/openapi.json', { config: { authtoken: false }, schema: { hide: true } }, async () => app.swagger())
}, { name: 'authtoken-openapi', fastify: '5.x' })
