import { crc32 } from 'node:zlib'
import { type Column, sql, type SQL } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type pg from 'pg'
import { AuthtokenError, BadRequest, DatabaseUnavailable, retryAfter } from '../../errors.js'
import { createChanges, idKey } from '../changes.js'
import { type Affected, codeOf, type Database, type DatabaseOptions, type Statement, type TokenTables } from '../database-interface.js'
import { listen, type Listener, NO_LISTENER } from './change-watch.js'
import type { Silence } from './dead-connections.js'
import { describePostgres, hasTable, hasTriggers, qualifiedName } from './inspect.js'
import type { UserId } from '../token-table-options.js'
import type { UserModel } from '../user-model.js'

// Two keys: one number for what is ours, and a user's id or 0 for all.
const LOCK_SPACE = 0x617574
// How long an answer is remembered where nobody tells of changes.
const DEAF_AGE_MS = 1_000
const NOTICE = 'The database does not tell of changes (authtokenTriggers makes the triggers that do): what others revoke is noticed within 1 second'

/** A Drizzle instance, of ours or the host's: they differ in the schema that their types know. */
export type PostgresDrizzle = NodePgDatabase & { $client: pg.Pool, dialect: { casing: { getColumnCasing (column: Column): string } } }

// Names are the connection's, which may be shared by several.
let prepared = 0

/**
 * The database on a pool.
 * @param name what messages call it
 * @param withoutListen undefined: as the database has triggers or not; without them an answer is remembered for a second
 * @param silence tells whether the server answers at all
 * @param end closes the pool, where it is ours
 * @returns also how to look again which tables there are
 */
export async function createPostgresDatabase<Users extends UserModel> (connection: PostgresDrizzle, name: string, withoutListen: DatabaseOptions['withoutListen'], users: Users, tables: TokenTables, silence: Silence, end: () => Promise<void>) {
  const pool = connection.$client
  const watched = [users.table, tables.authtokenToken, tables.authtokenAccesstoken]
  const lookForAccessTokens = () => hasTable(pool, qualifiedName(tables.authtokenAccesstoken))
  let accessTokens = await lookForAccessTokens()
  const isDeaf = withoutListen === 'ttl' || (withoutListen === undefined && !await hasTriggers(pool, watched))
  const changes = createChanges()
  let listener: Listener | undefined

  const prepare: Database['prepare'] = (query) => {
    // Without a name it is no state of the session, which a pooler in transaction mode would not keep.
    const statement = query.prepare(withoutListen === 'ttl' ? '' : `authtoken_${++prepared}`)
    return async (values) => {
      const [row] = await guarded(() => statement.execute(values))
      return row
    }
  }

  const database: Database<Users> = {
    name,
    db: connection,
    tables,
    users,
    notice: withoutListen === undefined && isDeaf ? NOTICE : null,
    get accessTokens () { return accessTokens },

    prepare,
    prepareLookUp: prepare,
    moment: () => null,
    run: guarded,

    async transaction (statements, affected) {
      try {
        return await guarded(() => inTransaction(pool, affected, statements(connection)))
      } finally {
        if (affected !== undefined) changes.emit(affected === 'all' ? affected : { user: idKey(affected.user) })
      }
    },

    cast: (value, column) => sql`${value === null ? null : sql.param(value, column)}::${sql.raw(column.getSQLType())}`,
    rows: manyRows,
    hold: (query) => [query.for('update')],

    watch (told) {
      changes.onChange(told)
      listener ??= isDeaf
        ? { ...NO_LISTENER, poll: () => true, maxAgeMs: DEAF_AGE_MS }
        : listen(pool, async () => accessTokens && await hasTriggers(pool, watched), silence, changes.emit)
      return listener
    },

    describe: (table) => guarded(() => describePostgres(pool, table)),
    nameOf: (column) => connection.dialect.casing.getColumnCasing(column),

    async close () {
      await listener?.close()
      await end()
    }
  }
  return { database, lookAgain: async () => { accessTokens = await lookForAccessTokens() } }
}

/**
 * Runs statements between `begin` and `commit`. The locks are advisory, so that they need no right on Django's tables: each
 * user has one, and all that hold one share another, which whoever is to be alone takes for itself.
 */
async function inTransaction (pool: pg.Pool, affected: Affected | undefined, statements: Statement[]): Promise<number[]> {
  const lock = affected === undefined
    ? ''
    : affected === 'all'
      ? `; select pg_advisory_xact_lock(${LOCK_SPACE}, 0)`
      : `; select pg_advisory_xact_lock_shared(${LOCK_SPACE}, 0), pg_advisory_xact_lock(${LOCK_SPACE}, ${lockOf(affected.user)})`
  const client = await pool.connect()
  let broken: Error | undefined
  // One that ends between two statements says so here; the next statement fails.
  const ended = (error: Error) => { broken = error }
  client.on('error', ended)
  try {
    await client.query(`begin${lock}`)
    const counts = []
    for (const { sql, params } of statements.map((statement) => statement.toSQL())) counts.push((await client.query(sql, params)).rowCount ?? 0)
    await client.query('commit')
    return counts
  } catch (error) {
    // What does not even refuse a statement in time will not answer to a rollback either.
    if (isRefusal(error)) await client.query('rollback').catch(ended)
    else ended(error as Error)
    throw error
  } finally {
    client.off('error', ended)
    client.release(broken)
  }
}

/** A user's lock: the id where it is a number that fits, and what comes out of it otherwise. 0 is everybody's. */
function lockOf (user: UserId): number {
  const id = Number(user)
  return Number.isInteger(id) && id > 0 && id < 2 ** 31 ? id : (crc32(idKey(user)) | 0) || 1
}

const TIMESTAMP = 'timestamp with time zone'

/** See `Database.rows`. A date without a time zone would be taken as one of the session's. */
function manyRows (columns: Record<string, PgColumn>, rows: unknown[][]): SQL {
  const all = Object.entries(columns).map(([name, column]) => ({ name: sql.identifier(name), type: column.getSQLType() }))
  const types = all.map(({ name, type }) => sql`${name} ${sql.raw(type === TIMESTAMP ? 'timestamp' : type)}`)
  const values = all.map(({ name, type }) => type === TIMESTAMP ? sql`${name} at time zone 'UTC' as ${name}` : sql`${name}`)
  const names = Object.keys(columns)
  const objects = rows.map((row) => Object.fromEntries(row.map((value, index) => [names[index], value])))
  return sql`(select ${sql.join(values, sql`, `)} from json_to_recordset(${JSON.stringify(objects)}::json) as row (${sql.join(types, sql`, `)}))`
}

/** Whether the server answered with an error. */
const isRefusal = (error: unknown): boolean => typeof (error as { severity?: unknown }).severity === 'string'

/** Fails with what violates a constraint, with `BadRequest` for what no column can hold, and else with `DatabaseUnavailable`. */
export async function guarded<T> (query: () => PromiseLike<T>): Promise<T> {
  try {
    return await query()
  } catch (error) {
    if (error instanceof AuthtokenError || codeOf(error).startsWith('23')) throw error
    // Text or a number that no column can hold.
    if (codeOf(error).startsWith('22')) throw new BadRequest()
    throw retryAfter(new DatabaseUnavailable({ cause: error }), 1)
  }
}
