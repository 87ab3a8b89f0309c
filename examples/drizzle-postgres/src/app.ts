import { drizzle } from 'drizzle-orm/node-postgres'
import Fastify from 'fastify'
import authtoken from 'fastify-authtoken'
import * as tables from './schema.js'

declare module 'fastify-authtoken' { interface FastifyAuthtoken { user: Omit<typeof tables.users.$inferSelect, 'passwordHash'> } }

export const db = drizzle(process.env.DATABASE_URL ?? 'postgres://localhost/app', { casing: 'snake_case' })
export const app = Fastify({ logger: true })
app.addHook('onClose', () => db.$client.end())

await app.register(authtoken, { database: db, tables, users: { table: tables.users }, tokens: { kind: 'access' }, defaultPermission: 'isAuthenticated' })

app.get('/me', async ({ user }) => ({ id: user?.id.toString(), email: user?.email }))
app.post('/logout', async ({ auth }) => ({ loggedOut: auth !== null && await app.authtoken.tokens.revoke({ id: auth.userId }, auth.id) }))
