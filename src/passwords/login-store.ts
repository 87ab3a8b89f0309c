import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../database/database-interface.js'
import { isStorable } from '../database/storable-text.js'
import type { UserId } from '../database/user-id.js'
import { propertyOf } from '../database/user-model.js'
import type { Account } from '../identity/identity.js'
import { type AccountRow, accountColumns, accountOf } from '../identity/account.js'

/** A user who logs in, and the encoded password. */
export interface Login extends Account {
  password: string
}

/** What a login reads and writes of the users' table, whosever it is. */
export type LoginStore = ReturnType<typeof createLoginStore>

/**
 * Reads and writes what logins need. Passwords come and go encoded.
 * @param database an open database
 */
export function createLoginStore (database: Database) {
  const { db, users } = database
  const { table, username, password } = users

  const columns = { ...accountColumns(users), password: password ?? sql<string>`''` }
  // A placeholder by itself is not encoded as its column is.
  const findByUsername = username === null ? null : database.prepare<AccountRow & { password: string }>(db.select(columns).from(table).where(eq(username, sql.param(sql.placeholder('username'), username))))
  const findById = database.prepare<AccountRow>(db.select(accountColumns(users)).from(table).where(eq(users.id, sql.param(sql.placeholder('id'), users.id))))

  return {
    /** The user of that exact name with the encoded password, or null. */
    async findWithPassword (username: string): Promise<Login | null> {
      if (findByUsername === null || !isStorable(username)) return null
      const row = await findByUsername({ username })
      return row === undefined ? null : { ...accountOf(row), password: row.password ?? '' }
    },

    /** The user of that id, or null. */
    async findById (id: UserId): Promise<Account | null> {
      const row = await findById({ id })
      return row === undefined ? null : accountOf(row)
    },

    /** Puts another encoding of the same password in the place of the one that was read, unless it changed meanwhile. */
    async replacePassword (id: UserId, old: string, encoded: string): Promise<void> {
      if (password === null) return
      await database.run(() => db.update(table).set({ [propertyOf(password)]: encoded }).where(and(eq(users.id, id), eq(password, old))))
    },

    /** Encoded passwords of the first and the last users: a sample of the forms that the table holds. */
    async samplePasswords (limit: number): Promise<string[]> {
      if (password === null) return []
      const sample = (order: SQL) => database.run(() => db.select({ password }).from(table).orderBy(order).limit(limit))
      const rows = [...await sample(sql`${users.id}`), ...await sample(sql`${users.id} desc`)]
      return rows.map((row) => row.password ?? '')
    }
  }
}
