import { eq, getTableColumns, sql } from 'drizzle-orm'
import type { Database } from '../database/database.js'
import { describeAccessToken, shownColumns } from './access-token.js'
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

/**
 * Finds identities in the database: one prepared query a key, a join of token and user.
 * @param database an open database
 * @param format of access tokens: a key of that form is looked up as nothing else, and only where its checksum is right
 * @param usage is told of each use of an access token
 */
export function createAuthenticator ({ prepare, db, accessTokens, schema }: Database, format: TokenFormat, usage: Usage): Authenticator {
  const { users, authtokenToken: drf, authtokenAccesstoken: access } = schema
  const { password, ...user } = getTableColumns(users)
  const token = { ...shownColumns(schema), lifetime: access.lifetime, latest: access.latest }
  const key = sql.placeholder('key')
  const digest = sql.placeholder('digest')

  const identifyDrf = (key: string) => (row: { created: Date | null, user: User } | undefined): Identity | null =>
    row === undefined ? null : { user: row.user, token: describeToken(key, row.user.id, row.created) }

  function identifyAccess (row: AccessRow | undefined): Identity | null {
    if (row === undefined) return null
    const now = new Date()
    if (row.token.disabled || (row.token.expires !== null && row.token.expires <= now)) return null
    if (row.user.isActive) usage.record(row.token, now)
    return { user: row.user, token: describeAccessToken(row.token) }
  }

  // A database that only Django migrated.
  if (!accessTokens) {
    const find = prepare(db.select({ created: drf.created, user }).from(drf).innerJoin(users, eq(users.id, drf.userId)).where(eq(drf.key, key)))
    return { authenticate: (key) => format.claims(key) ? null : then(find({ key }), identifyDrf(key)) }
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
      if (format.claims(key)) return format.isSound(key) ? then(findAccess({ digest: digestOf(key) }), identifyAccess) : null
      return then(findEither({ key, digest: digestOf(key) }), (row) => row === undefined || row.key !== null
        ? identifyDrf(key)(row)
        : identifyAccess(row as AccessRow))
    }
  }
}

/** Goes on with an answer at once where it is there. */
const then = <T, Result>(answer: T | Promise<T>, goOn: (answer: T) => Result): Result | Promise<Result> =>
  answer instanceof Promise ? answer.then(goOn) : goOn(answer)
