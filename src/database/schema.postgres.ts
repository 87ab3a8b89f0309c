import { isNull } from 'drizzle-orm'
import { bigint, boolean, index, integer, pgTable, uniqueIndex, varchar } from 'drizzle-orm/pg-core'
import { datetime } from './columns.postgres.js'

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

/** `authtoken_token`, exactly as DRF's `rest_framework.authtoken` makes it: one row a user, the key in clear. */
export const authtokenToken = pgTable('authtoken_token', {
  key: varchar({ length: 40 }).primaryKey(),
  created: datetime().notNull(),
  userId: integer('user_id').notNull().unique().references(() => users.id)
})

/** Access tokens: many a user, as digests. Ours: Django does not know the table. */
export const authtokenAccesstoken = pgTable('authtoken_accesstoken', {
  /** Public and random: it may be shown, logged and put into a URL. */
  id: varchar({ length: 16 }).primaryKey(),
  userId: integer('user_id').notNull().references(() => users.id, { onDelete: 'cascade' }),
  kind: varchar({ length: 8 }).$type<'access' | 'login' | 'sealed'>().notNull(),
  name: varchar({ length: 100 }).notNull(),
  /** SHA-256 of the token, in hexadecimal digits. */
  digest: varchar({ length: 64 }).notNull().unique(),
  hint: varchar({ length: 4 }),
  scope: varchar({ length: 1000 }).notNull(),
  created: datetime().notNull(),
  expires: datetime(),
  /** How far each use pushes `expires` where it slides, in seconds. */
  lifetime: bigint({ mode: 'number' }),
  /** What `expires` is never pushed beyond. */
  latest: datetime(),
  lastUsed: datetime('last_used'),
  disabled: boolean().notNull(),
  /** The id of the token that came in its place. */
  replacedBy: varchar('replaced_by', { length: 16 })
}, (table) => [
  uniqueIndex('authtoken_accesstoken_user_id_name').on(table.userId, table.name).where(isNull(table.replacedBy)),
  index('authtoken_accesstoken_user_id_created').on(table.userId, table.created),
  index('authtoken_accesstoken_expires').on(table.expires)
])

/** What the database itself remembers: that its DRF tokens are sealed. */
export const authtokenState = pgTable('authtoken_state', {
  name: varchar({ length: 32 }).primaryKey(),
  value: varchar({ length: 32 }).notNull()
})
