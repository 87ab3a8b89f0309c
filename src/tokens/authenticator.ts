import { eq, getTableColumns, sql } from 'drizzle-orm'
import type { Database } from '../database/database.js'
import type { Authenticator, Identity } from './identity.js'
import { describeToken } from './store.js'

/**
 * Finds identities in the database: one prepared query a key, a join of token and user.
 * @param database an open database
 */
export function createAuthenticator ({ prepare, db, schema: { users, authtokenToken } }: Database): Authenticator {
  const { password, ...user } = getTableColumns(users)
  const find = prepare(db
    .select({ created: authtokenToken.created, user })
    .from(authtokenToken)
    .innerJoin(users, eq(users.id, authtokenToken.userId))
    .where(eq(authtokenToken.key, sql.placeholder('key'))))

  return {
    authenticate (key) {
      const identify = (row: Awaited<ReturnType<typeof find>>): Identity | null =>
        row === undefined ? null : { user: row.user, token: describeToken(key, row.user.id, row.created) }
      const row = find({ key })
      return row instanceof Promise ? row.then(identify) : identify(row)
    }
  }
}
