import { eq, getTableColumns, sql } from 'drizzle-orm'
import type { Database } from '../database/database.js'
import { describeAccessToken, shownColumns } from './access-token.js'
import { type CacheOptions, type CacheStatistics, createCache } from './cache.js'
import { describeToken } from './drf-store.js'
import { digestOf, type TokenFormat } from './format.js'
import type { Authenticator, Identity, Token, User } from './identity.js'
import type { Life } from './life.js'
import type { Usage } from './usage.js'

/** A row of the query for access tokens. */
interface AccessRow {
  token: Omit<Token, 'replacedBy'> & Life & { replacedBy: string | null }
  user: User
}

/** What is remembered of a token: `life` is null for a DRF token, which has none. */
interface Known extends Identity {
  life: Life | null
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
  const { prepare, db, accessTokens, schema } = database
  const { users, authtokenToken: drf, authtokenAccesstoken: access } = schema
  const { password, ...user } = getTableColumns(users)
  const token = { ...shownColumns(schema), lifetime: access.lifetime, latest: access.latest }
  const key = sql.placeholder('key')
  const digest = sql.placeholder('digest')

  const cache = createCache<Known>(database, ({ user }) => user.id, ({ token }) => isOver(token, new Date()), cacheOptions)

  const knowDrf = (key: string) => (row: { created: Date | null, user: User } | undefined): Known | undefined =>
    row === undefined ? undefined : { user: row.user, token: describeToken(key, row.user.id, row.created), life: null }

  const knowAccess = (row: AccessRow | undefined): Known | undefined =>
    row === undefined ? undefined : { user: row.user, token: describeAccessToken(row.token), life: row.token }

  /** A caller may write to its user: it gets one of its own. */
  function identify (known: Known | undefined): Identity | null {
    if (known === undefined) return null
    const { user, token, life } = known
    if (life !== null) {
      const now = new Date()
      if (token.disabled || isOver(token, now)) return null
      if (user.isActive) usage.record(token, life, now)
    }
    return { user: { ...user }, token }
  }

  // A database that only Django migrated.
  const findDrf = prepare(db.select({ created: drf.created, user }).from(drf).innerJoin(users, eq(users.id, drf.userId)).where(eq(drf.key, key)))
  if (!accessTokens) {
    return {
      authenticate: (key) => format.claims(key) ? null : then(cache.find(digestOf(key), () => then(findDrf({ key }), knowDrf(key))), identify),
      get statistics () { return cache.statistics }
    }
  }

  const findAccess = prepare(db.select({ token, user }).from(access).innerJoin(users, eq(users.id, access.userId)).where(eq(access.digest, digest)))

  // Both tables in one query: while tokens are being sealed, each is found on one side or on the other.
  const findEither = prepare(db.select({ created: drf.created, key: drf.key, token, user })
    .from(users)
    .leftJoin(drf, eq(drf.key, key))
    .leftJoin(access, eq(access.digest, digest))
    .where(eq(users.id, sql`coalesce(
      (${db.select({ id: drf.userId }).from(drf).where(eq(drf.key, key))}),
      (${db.select({ id: access.userId }).from(access).where(eq(access.digest, digest))}))`)))

  return {
    authenticate (key) {
      if (!format.claims(key)) {
        const digest = digestOf(key)
        return then(cache.find(digest, () => then(findEither({ key, digest }), (row) => row === undefined || row.key !== null
          ? knowDrf(key)(row)
          : knowAccess(row as AccessRow))), identify)
      }
      if (!format.isSound(key)) return null
      const digest = digestOf(key)
      return then(cache.find(digest, () => then(findAccess({ digest }), knowAccess)), identify)
    },
    get statistics () { return cache.statistics }
  }
}

const isOver = ({ expires }: Pick<Token, 'expires'>, now: Date): boolean => expires !== null && expires <= now

/** Goes on with an answer at once where it is there. */
const then = <T, Result>(answer: T | Promise<T>, goOn: (answer: T) => Result): Result | Promise<Result> =>
  answer instanceof Promise ? answer.then(goOn) : goOn(answer)
