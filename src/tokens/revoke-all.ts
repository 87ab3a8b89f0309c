import { and, eq, ne, sql } from 'drizzle-orm'
import type { Database, Db, Statement } from '../database/database-interface.js'
import type { UserId } from '../database/user-id.js'
import { isDrfOf } from './drf-token-store.js'

/** The statements that end a user's tokens of both kinds. @param keep the id of one that stays, with the one that came in its place */
export function revocation (database: Database, tx: Db, userId: UserId, keep?: string): Statement[] {
  const { accessTokens, users, tables: { authtokenToken: drf, authtokenAccesstoken: access } } = database
  const successor = sql`coalesce((select ${access.replacedBy} from ${access} where ${access.id} = ${keep}), '')`
  const isEnded = and(eq(access.userId, userId), keep === undefined ? undefined : and(ne(access.id, keep), ne(access.id, successor)))
  return [
    ...(keep !== undefined && isDrfOf(users, userId, keep) ? [] : [tx.delete(drf).where(eq(drf.userId, userId))]),
    ...(accessTokens ? [tx.delete(access).where(isEnded)] : [])
  ]
}
