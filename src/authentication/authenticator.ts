import { eq, type GetColumnData, type SQL, sql } from 'drizzle-orm'
import type { PgColumn, SelectedFields } from 'drizzle-orm/pg-core'
import type { Database } from '../database/database-interface.js'
import { type AccountRow, accountColumns, accountOf } from '../identity/account.js'
import type { Authenticator, Identity, Token } from '../identity/identity.js'
import { describeAccessToken, shownColumns } from '../tokens/access-token.js'
import { describeToken } from '../tokens/drf-token-store.js'
import type { Expiry } from '../tokens/expiry.js'
import type { TokenFormat } from '../tokens/format.js'
import type { CacheOptions } from '../options/cache-options.js'
import { type CacheStatistics, createCache, type Source } from './cache.js'
import { CachedIdentity, identityAt } from './cached-identity.js'
import type { LastUsed } from './last-used.js'
import { mapAnswer } from './map-answer.js'

interface DrfRow extends AccountRow { created: Date | null }
interface AccessRow extends AccountRow { token: Omit<Token, 'replacedBy'> & Expiry & { replacedBy: string | null } }

export interface LocalAuthenticator extends Authenticator { readonly statistics: CacheStatistics }

/** Finds identities in a database: those that are remembered, and others by one prepared query, a join of token and user. */
export function createAuthenticator (
  database: Database, format: TokenFormat, lastUsed: LastUsed, options: CacheOptions = {}
): LocalAuthenticator {
  const cache = createCache(database, createSource(database, format), options)

  function use (found: CachedIdentity | undefined): Identity | null {
    const now = Date.now()
    const identity = identityAt(found, now)
    if (identity !== null && found?.isRecorded === true && found.isActive) lastUsed.record(found, now)
    return identity
  }

  return {
    authenticate: (key) => mapAnswer(cache.find(key), use),
    get statistics () { return cache.statistics }
  }
}

function createSource (database: Database, format: TokenFormat): Source {
  const { prepareLookUp, db, accessTokens, users, tables: { authtokenToken: drf, authtokenAccesstoken: access } } = database
  const account = accountColumns(users)
  const token = { ...shownColumns(database.tables), lifetime: access.lifetime, notAfter: access.latest }
  const names = Object.keys(users.select)

  const selectDrf = <Columns extends SelectedFields>(columns: Columns) => db.select({ ...columns, ...account })
    .from(drf).innerJoin(users.table, eq(users.id, drf.userId)).where(eq(drf.key, sql.placeholder('key')))
  const selectAccess = <Columns extends SelectedFields>(columns: Columns) => db.select({ ...columns, ...account })
    .from(access).innerJoin(users.table, eq(users.id, access.userId)).where(eq(access.digest, sql.placeholder('digest')))

  const ofDrf = (key: string) => (row: DrfRow | undefined) =>
    row && new CachedIdentity(accountOf(row), describeToken(key, row.userId, row.created), null, names)
  const ofAccess = (row: AccessRow | undefined) =>
    row && new CachedIdentity(accountOf(row), describeAccessToken(row.token), row.token, names)

  // A database that only Django migrated.
  if (!accessTokens) {
    const findDrf = prepareLookUp<DrfRow>(selectDrf({ created: drf.created }))
    return { isPlausible: (key) => !format.hasPrefix(key), lookUp: (key) => mapAnswer(findDrf({ key }), ofDrf(key)) }
  }

  const findAccess = prepareLookUp<AccessRow>(selectAccess({ token }))
  // While tokens are being sealed, each is found on one side or on the other.
  const findEither = prepareLookUp<DrfRow & { key: string } | AccessRow & { key: null }>(
    selectDrf({ created: drf.created, key: drf.key, token: absent(token) })
      .unionAll(selectAccess({ ...absent({ created: drf.created, key: drf.key }), token }) as never) as never)
  return {
    isPlausible: (key) => !format.hasPrefix(key) || format.hasValidChecksum(key),
    lookUp: (key, digest) => format.hasPrefix(key)
      ? mapAnswer(findAccess({ digest }), ofAccess)
      : mapAnswer(findEither({ key, digest }), (row) => row === undefined || row.key === null ? ofAccess(row) : ofDrf(key)(row))
  }
}

/** In place of columns of a table that a query does not read. */
const absent = <Columns extends Record<string, PgColumn>>(columns: Columns) =>
  Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, sql`null`.mapWith(column)])) as
    { [Name in keyof Columns]: SQL<GetColumnData<Columns[Name]> | null> }
