import { boolean, integer, pgTable, varchar } from 'drizzle-orm/pg-core'
import { datetime } from './columns.js'
import { defineTokenTables } from './token-tables.js'

/** `auth_user`, exactly as Django's `django.contrib.auth` makes it. */
export const users = pgTable('auth_user', {
  id: integer().primaryKey().generatedByDefaultAsIdentity(),
  password: varchar({ length: 128 }).notNull(),
  lastLogin: datetime('last_login'),
  isSuperuser: boolean('is_superuser').notNull(),
  username: varchar({ length: 150 }).notNull().unique(),
  lastName: varchar('last_name', { length: 150 }).notNull(),
  email: varchar({ length: 254 }).notNull(),
  isStaff: boolean('is_staff').notNull(),
  isActive: boolean('is_active').notNull(),
  dateJoined: datetime('date_joined').notNull(),
  firstName: varchar('first_name', { length: 150 }).notNull()
})

/** `authtoken_token` exactly as DRF's `rest_framework.authtoken` makes it, and our own. */
export const { authtokenToken, authtokenAccesstoken, authtokenState } = defineTokenTables<number>(users.id, pgTable)
