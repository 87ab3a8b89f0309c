/** Modules beside the snippets of docs/host-users.md: what they take for granted, and tables that they speak of and do not make. */
export const HOST_MODULES = {
  globals: `
import type { FastifyInstance } from 'fastify'
import type fastifyAuthtoken from 'fastify-authtoken'
import type * as others from './others.js'
import type * as schema from './schema.js'

declare global {
  const app: FastifyInstance
  const db: typeof import('./app.js').db
  const authtoken: typeof fastifyAuthtoken
  const tables: typeof schema
  const people: typeof schema.people
  const accounts: typeof others.accounts
  const members: typeof others.members
  const directory: { bind (username: string, password: string): Promise<boolean>, idOf (username: string): Promise<string> }
}
`,

  others: `
import { pgTable, text as pgText, timestamp, uuid } from 'drizzle-orm/pg-core'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const accounts = sqliteTable('accounts', {
  id: text().primaryKey(),
  login: text().notNull().unique(),
  email: text().notNull().unique(),
  phone: text().unique(),
  password: text().notNull(),
  role: text().notNull(),
  lockedAt: integer({ mode: 'timestamp' })
})

export const members = pgTable('members', { id: uuid().primaryKey(), email: pgText().notNull().unique(), password: pgText().notNull(), lastSeen: timestamp() })
`
}
