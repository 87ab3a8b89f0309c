import Fastify from 'fastify'
import authtoken from 'fastify-authtoken'

const app = Fastify({ logger: true })

await app.register(authtoken, {
  database: process.env.DATABASE_URL ?? 'file:./authtoken.db',
  defaultPermission: 'isAuthenticated'
})

app.get('/whatever', async (request) => ({ user: request.user.username, auth: request.auth.id }))

app.get('/public', { config: { authtoken: { permission: 'allowAny' } } }, async (request) => ({ user: request.user?.username ?? null }))

await app.listen({ port: Number(process.env.PORT ?? 8000) })
