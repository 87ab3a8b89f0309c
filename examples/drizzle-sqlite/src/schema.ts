import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { authtokenTables } from 'fastify-authtoken/sqlite'

export const users = sqliteTable('users', {
  id: text().primaryKey().$defaultFn(() => crypto.randomUUID()),
  email: text().notNull().unique(),
  passwordHash: text('password_hash').notNull(),
  isActive: integer('is_active', { mode: 'boolean' }).notNull().default(true),
  isAdmin: integer('is_admin', { mode: 'boolean' }).notNull().default(false)
})

export const { authtokenToken, authtokenAccesstoken, authtokenState } = authtokenTables(users)
