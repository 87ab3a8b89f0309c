import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Database } from '../database/database-interface.js'
import { isStorable } from '../database/storable-text.js'
import type { UserId } from '../database/user-id.js'
import { propertyOf } from '../database/user-model.js'
import type { Account } from '../identity/identity.js'
import { type AccountRow, accountColumns, accountOf } from '../identity/account.js'

/** A user who logs in, and the encoded password. */
export interface Login extends Account { password: string }

export type LoginStore = ReturnType<typeof createLoginStore>

/** What a login reads and writes of the users' table, whosever it is. Passwords come and go encoded. */
export function createLoginStore (database: Database) {
  const { db, users } = database
  const { table, id, username, password } = users
  const columns = { ...accountColumns(users), password: password ?? sql<string>`''` }
  const findByUsername = username === null
    ? null
    : database.prepare<AccountRow & { password: string }>(db.select(columns).from(table).where(equals(username)))
  const findById = database.prepare<AccountRow & { password: string | null }>(db.select(columns).from(table).where(equals(id)))

  return {
    /** The user of that exact name with the encoded password, or null. */
    async findWithPassword (username: string): Promise<Login | null> {
      if (findByUsername === null || !isStorable(username)) return null
      const row = await findByUsername({ value: username })
      return row === undefined ? null : { ...accountOf(row), password: row.password ?? '' }
    },

    /** The user with the encoded password; undefined where there is none. */
    async findById (id: UserId): Promise<{ account: Account, password: string | undefined } | null> {
      const row = await findById({ value: id })
      return row === undefined ? null : { account: accountOf(row), password: password === null ? undefined : row.password ?? undefined }
    },

    /** Puts another encoding of the same password in the place of the one that was read, unless it changed meanwhile. */
    async replacePassword (userId: UserId, old: string, encoded: string): Promise<void> {
      if (password === null) return
      const unchanged = and(eq(id, userId), eq(password, old))
      await database.run(() => db.update(table).set({ [propertyOf(password)]: encoded }).where(unchanged))
    },

    /** Encoded passwords of the first and the last users: a sample of the forms that the table holds. */
    async samplePasswords (limit: number): Promise<string[]> {
      if (password === null) return []
      const sample = (order: SQL) => database.run(() => db.select({ password }).from(table).orderBy(order).limit(limit))
      const rows = [...await sample(sql`${id}`), ...await sample(sql`${id} desc`)]
      return rows.map((row) => row.password ?? '')
    }
  }
}

/** Compares a column with the placeholder `value`, which by itself would not be encoded as the column is. */
const equals = (column: PgColumn) => eq(column, sql.param(sql.placeholder('value'), column))
