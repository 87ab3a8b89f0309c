import { bigint, boolean, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import { authtokenTables } from 'fastify-authtoken/postgres'

export const users = pgTable('users', {
  id: bigint({ mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
  email: text().notNull().unique(),
  passwordHash: text().notNull(),
  isAdmin: boolean().notNull().default(false),
  deletedAt: timestamp({ withTimezone: true })
})

export const { authtokenToken, authtokenAccesstoken, authtokenState } = authtokenTables(users)
