import { asc, eq, gt } from 'drizzle-orm'
import type { DjangoDatabase } from '../database/database-interface.js'
import type { UserId } from '../database/user-id.js'
import type { Token } from '../identity/identity.js'
import { describeAccessToken, shownColumns } from './access-token.js'
import { describeToken } from './drf-token-store.js'

/** A token and whose it is. */
export interface OwnedToken { username: string, token: Token }

const BATCH = 500

/** Every token of a database, of both kinds, a batch at a time: the DRF tokens in order of their users, then the others in no order. */
export async function * listAllTokens (database: DjangoDatabase): AsyncGenerator<OwnedToken> {
  const { db, accessTokens, users, tables } = database
  const { authtokenToken: drf, authtokenAccesstoken: access } = tables

  for (let last: UserId | null = null, full = true; full;) {
    const rows = await database.run(() => db.select({ username: users.username, token: drf })
      .from(drf).innerJoin(users.table, eq(users.id, drf.userId))
      .where(last === null ? undefined : gt(drf.userId, last)).orderBy(asc(drf.userId)).limit(BATCH))
    for (const { username, token } of rows) yield { username, token: describeToken(token.key, token.userId, token.created) }
    full = rows.length === BATCH
    last = rows.at(-1)?.token.userId ?? last
  }

  for (let last = '', full = accessTokens; full;) {
    const rows = await database.run(() => db.select({ username: users.username, token: shownColumns(tables) })
      .from(access).innerJoin(users.table, eq(users.id, access.userId))
      .where(gt(access.id, last)).orderBy(asc(access.id)).limit(BATCH))
    for (const { username, token } of rows) yield { username, token: describeAccessToken(token) }
    full = rows.length === BATCH
    last = rows.at(-1)?.token.id ?? last
  }
}
