import { drizzle } from 'drizzle-orm/better-sqlite3'
import Fastify from 'fastify'
import authtoken from 'fastify-authtoken'
import * as tables from './schema.js'

declare module 'fastify-authtoken' { interface FastifyAuthtoken { user: Omit<typeof tables.users.$inferSelect, 'passwordHash'> } }

export const db = drizzle(process.env.DATABASE_FILE ?? 'app.db')
export const app = Fastify({ logger: true })

await app.register(authtoken, { database: db, tables, users: { table: tables.users }, defaultPermission: 'isAuthenticated' })

app.get('/me', async ({ user }) => ({ id: user?.id, email: user?.email }))
