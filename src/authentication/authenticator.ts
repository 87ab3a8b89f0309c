import { eq, type GetColumnData, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Database } from '../database/database-interface.js'
import { type AccountRow, accountColumns, accountOf } from '../identity/account.js'
import { describeAccessToken, shownColumns } from '../tokens/access-token.js'
import type { CacheOptions } from '../options/cache-options.js'
import { type CacheStatistics, createCache } from './cache.js'
import { describeToken } from '../tokens/drf-token-store.js'
import type { TokenFormat } from '../tokens/format.js'
import type { Authenticator, Identity, Token } from '../identity/identity.js'
import { identify, isOver, CachedIdentity, then } from './cached-identity.js'
import type { Life } from '../tokens/expiry.js'
import type { Usage } from './last-used.js'

/** A row of the query for access tokens. */
interface AccessRow extends AccountRow {
  token: Omit<Token, 'replacedBy'> & Life & { replacedBy: string | null }
}

/** Finds identities in a database, and says how often it had to ask. */
export interface LocalAuthenticator extends Authenticator {
  /** Of what is remembered. */
  readonly statistics: CacheStatistics
}

/**
 * Finds identities in the database: what is remembered, or one prepared query, a join of token and user.
 * @param database an open database
 * @param format of access tokens: a key of that form is looked up as nothing else, and only where its checksum is right
 * @param usage is told of each use of an access token
 * @param cacheOptions what is remembered
 */
export function createAuthenticator (database: Database, format: TokenFormat, usage: Usage, cacheOptions: CacheOptions = {}): LocalAuthenticator {
  const { prepareLookUp, db, accessTokens, users, tables } = database
  const { authtokenToken: drf, authtokenAccesstoken: access } = tables
  const account = accountColumns(users)
  const token = { ...shownColumns(tables), lifetime: access.lifetime, latest: access.latest }
  const key = sql.placeholder('key')
  const digest = sql.placeholder('digest')

  const names = Object.keys(users.select)
  const cache = createCache<CachedIdentity>(database, (known) => isOver(known, Date.now()), cacheOptions)

  const knowDrf = (key: string) => (row: AccountRow & { created: Date | null } | undefined): CachedIdentity | undefined =>
    row === undefined ? undefined : new CachedIdentity(accountOf(row), describeToken(key, row.userId, row.created), null, names)

  const knowAccess = (row: AccessRow | undefined): CachedIdentity | undefined =>
    row === undefined ? undefined : new CachedIdentity(accountOf(row), describeAccessToken(row.token), row.token, names)

  function use (known: CachedIdentity | undefined): Identity | null {
    const now = Date.now()
    const identity = identify(known, names, now)
    if (identity !== null && known?.isRecorded === true && known.isActive) usage.record(known, now)
    return identity
  }

  // A database that only Django migrated.
  const findDrf = prepareLookUp(db.select({ created: drf.created, ...account }).from(drf).innerJoin(users.table, eq(users.id, drf.userId)).where(eq(drf.key, key)))
  const findAccess = accessTokens ? prepareLookUp(db.select({ token, ...account }).from(access).innerJoin(users.table, eq(users.id, access.userId)).where(eq(access.digest, digest))) : null

  // Both tables in one query: while tokens are being sealed, each is found on one side or on the other.
  // The types of `unionAll` know of no null in place of a column.
  const findEither = accessTokens
    ? prepareLookUp(db.select({ created: drf.created, key: drf.key, token: absent(token), ...account }).from(drf).innerJoin(users.table, eq(users.id, drf.userId)).where(eq(drf.key, key))
      .unionAll(db.select({ ...absent({ created: drf.created, key: drf.key }), token, ...account }).from(access).innerJoin(users.table, eq(users.id, access.userId)).where(eq(access.digest, digest)) as never))
    : null

  /** Asks whose a key is that does not claim to be an access token. */
  function askEither (key: string, digest: string): CachedIdentity | undefined | Promise<CachedIdentity | undefined> {
    if (findEither === null) return then(findDrf({ key }), knowDrf(key))
    return then(findEither({ key, digest }), (row) => row === undefined || row.key !== null ? knowDrf(key)(row) : knowAccess(row as unknown as AccessRow))
  }

  return {
    authenticate (key) {
      const remembered = cache.recall(key)
      if (remembered !== undefined) return use(remembered)
      if (!format.hasPrefix(key)) return then(cache.find(key, (digest) => askEither(key, digest)), use)
      return findAccess !== null && format.hasValidChecksum(key) ? then(cache.find(key, (digest) => then(findAccess({ digest }), knowAccess)), use) : null
    },
    get statistics () { return cache.statistics }
  }
}

/** In place of columns of a table that a query does not read. */
const absent = <Columns extends Record<string, PgColumn>>(columns: Columns): { [Name in keyof Columns]: SQL<GetColumnData<Columns[Name]> | null> } =>
  Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, sql`null`.mapWith(column)])) as never
