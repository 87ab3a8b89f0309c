import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import SQLite from 'better-sqlite3'
import { addRoute, createApp, listen } from '../fastify/hello-route.js'

const database = new SQLite(process.env.DATABASE)
database.pragma('journal_mode = wal')
database.pragma('synchronous = normal')

// 10 requests a day is the default.
const options = {
  database,
  secret: 'of a bench, and of nothing else',
  baseURL: 'http://127.0.0.1',
  logger: { disabled: true },
  telemetry: { enabled: false },
  emailAndPassword: { enabled: true },
  plugins: [apiKey({ rateLimit: { enabled: false } })]
}
const { runMigrations } = await getMigrations(options)
await runMigrations()
const auth = betterAuth(options)
const { user } = await auth.api.signUpEmail({
  body: { name: 'Ann', email: `ann${Date.now()}@example.org`, password: 'correct horse battery' }
})
const { key } = await auth.api.createApiKey({ body: { userId: user.id } })

const app = createApp()
addRoute(app, {
  async onRequest (request, reply) {
    const { valid } = await auth.api.verifyApiKey({ body: { key: request.headers.authorization.slice('Bearer '.length) } })
    if (!valid) return reply.code(401).send({ error: 'invalid key' })
  }
})
await listen(app, `Bearer ${key}`)
