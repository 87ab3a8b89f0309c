import { crc32 } from 'node:zlib'
import { type Column, getTableName, sql, type SQL } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { type PgColumn, pgTable } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { AuthtokenError, BadRequest, DatabaseUnavailable, DatabaseUnusable, InvalidSettings, retryAfter } from '../errors.js'
import { createChanges, idKey } from './changes.js'
import { type Affected, codeOf, type Database, type DatabaseOptions, type DjangoDatabase, type HostDatabase, type Statement, type TokenTables } from './database.js'
import { authUsers, customUsers } from './django-users.js'
import { listen, type Listener, NO_LISTENER } from './postgres-listener.js'
import { buildPostgresTable, describePostgres, hasTable, hasTriggers, identityOf, inspectPostgres, migratePostgres, qualifiedName, reserveUserIds, rewriteDrfTokens } from './postgres-tables.js'
import { nameOf, reason } from './postgres-connection.js'
import { NO_SILENCE, type Silence, watchSilence } from './postgres-silence.js'
import * as schema from './schema.postgres.js'
import { defineTokenTables } from './token-tables.postgres.js'
import type { UserId } from './token-tables.js'
import type { UserModel } from './user-model.js'

/** The oldest server that is supported: 15, as `server_version_num`. */
const OLDEST = 150_000
// Two keys: one number for what is ours, and a user's id or 0 for all.
const LOCK_SPACE = 0x617574
const KEEP_ALIVE_DELAY_MS = 10_000
// How long an answer is remembered where nobody tells of changes.
const DEAF_AGE_MS = 1_000

/** A Drizzle instance, of ours or the host's: they differ in the schema that their types know. */
type Connection = NodePgDatabase & { $client: pg.Pool, dialect: { casing: { getColumnCasing (column: Column): string } } }

/**
 * Connects to a PostgreSQL.
 * @param url `postgres://user:password@host:port/database`, with libpq's parameters behind a question mark
 * @throws InvalidSettings, DatabaseUnusable
 */
export async function openPostgres (url: string, options: DatabaseOptions): Promise<DjangoDatabase> {
  const name = nameOf(url)
  const { size = 10, connectTimeoutMs = 2_000, queryTimeoutMs = 5_000, idleInTransactionTimeoutMs = 2_000 } = options.pool ?? {}
  const timeouts = {
    statement_timeout: queryTimeoutMs,
    lock_timeout: queryTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs
  }
  const pool = createPool({
    connectionString: url,
    application_name: 'fastify-authtoken',
    max: size,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs + 500,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    // A pooler in transaction mode takes no settings of a session.
    ...(options.withoutListen !== 'ttl' && timeouts),
    // The pool waits for it, whatever its type says.
    onConnect: refuseStandby as (client: pg.ClientBase) => void
  })
  // A connection that fails while idle is dropped by the pool; the next request finds out whether there is another.
  pool.on('error', () => {})
  try {
    return await createDjangoDatabase(drizzle(pool) as unknown as Connection, name, options, watchSilence(pool), async () => { if (!pool.ended) await pool.end() })
  } catch (error) {
    await pool.end()
    throw error instanceof AuthtokenError && codeOf(error) !== 'AUTHTOKEN_DATABASE_UNAVAILABLE' ? error : new DatabaseUnusable(`${name} ${reason(error)}`, { cause: error })
  }
}

/**
 * Takes the host's Drizzle instance, on a database of Django's form: never migrated, never closed.
 * @param db a `drizzle-orm/node-postgres` database on a pool
 */
export const adoptPostgres = (db: HostDatabase, options: DatabaseOptions): Promise<DjangoDatabase> =>
  createDjangoDatabase(db as unknown as Connection, NAME, options, NO_SILENCE, async () => {})

/**
 * Takes the host's Drizzle instance, with the host's users: never migrated, never closed.
 * @param db a `drizzle-orm/node-postgres` database on a pool
 */
export async function hostPostgres (db: HostDatabase, users: UserModel, tables: TokenTables, { withoutListen }: DatabaseOptions): Promise<Database> {
  const connection = db as unknown as Connection
  await refuseOld(connection.$client, NAME)
  return (await createDatabase(connection, NAME, withoutListen, users, tables, NO_SILENCE, async () => {})).database
}

const NAME = 'the database'
const NOTICE = 'The database does not tell of changes (authtokenTriggers makes the triggers that do): what others revoke is noticed within 1 second'

function createPool (config: pg.PoolConfig): pg.Pool {
  try {
    // It reads the URL, as the pool does not before it connects.
    return new pg.Client(config) && new pg.Pool(config)
  } catch {
    // The parser's own message may quote the URL.
    throw new InvalidSettings('DATABASE_URL can not be read: it must be postgres://<user>:<password>@<host>:<port>/<database>, with special characters of user and password percent-encoded, and certificates that exist')
  }
}

/** A server that only follows another answers from the past. */
async function refuseStandby (client: pg.ClientBase): Promise<void> {
  const { rows: [row] } = await client.query("select pg_is_in_recovery() as standby, set_config('DateStyle', 'ISO', false)")
  if (row.standby) throw Object.assign(new Error('The server is a standby'), { code: 'STANDBY' })
}

async function refuseOld (pool: pg.Pool, name: string): Promise<void> {
  const { rows: [server] } = await pool.query("select current_setting('server_version_num')::int as version")
  if (server.version < OLDEST) throw new DatabaseUnusable(`${name} is PostgreSQL ${Math.floor(server.version / 10_000)}; ${OLDEST / 10_000} is the oldest that is supported`)
}

async function createDjangoDatabase (connection: Connection, name: string, { withoutListen, users: userTable }: DatabaseOptions, silence: Silence, end: () => Promise<void>): Promise<DjangoDatabase> {
  const pool = connection.$client
  await refuseOld(pool, name)
  const users = userTable === undefined
    ? authUsers(schema.users)
    : customUsers(name, userTable, await describePostgres(pool, pgTable(userTable.table ?? getTableName(schema.users), {})), buildPostgresTable)
  const tables = userTable === undefined ? schema : defineTokenTables(users.id, pgTable)
  const { database, lookAgain } = await createDatabase(connection, name, withoutListen ?? 'ask', users, tables as unknown as TokenTables, silence, end)
  return Object.assign(database, {
    django: await hasTable(pool, 'django_migrations'),

    async migrate () {
      try {
        await migratePostgres(pool, name, users)
      } catch (error) {
        throw error instanceof DatabaseUnusable ? error : new DatabaseUnusable(`${name} ${reason(error)}`, { cause: error })
      }
      await lookAgain()
      const { unusable, unready } = await inspectPostgres(pool, users)
      if (unusable.length + unready.length > 0) throw new DatabaseUnusable(`${name} ${[...unusable, ...unready].join('; ')}`)
    },

    reserveIds: (last: number) => guarded(() => reserveUserIds(pool, users.table, last)),
    identity: () => guarded(() => identityOf(pool, users.table)),
    overwriteDeleted () {},
    scrub: () => guarded(() => rewriteDrfTokens(pool)),
    inspect: () => guarded(() => inspectPostgres(pool, users))
  })
}

// Names are the connection's, which may be shared by several.
let prepared = 0

/**
 * @param withoutListen undefined: as the database has triggers or not; without them an answer is remembered for a second
 */
async function createDatabase<Users extends UserModel> (connection: Connection, name: string, withoutListen: DatabaseOptions['withoutListen'], users: Users, tables: TokenTables, silence: Silence, end: () => Promise<void>) {
  const pool = connection.$client
  const watched = [users.table, tables.authtokenToken, tables.authtokenAccesstoken]
  const lookForAccessTokens = () => hasTable(pool, qualifiedName(tables.authtokenAccesstoken))
  let accessTokens = await lookForAccessTokens()
  const isDeaf = withoutListen === 'ttl' || (withoutListen === undefined && !await hasTriggers(pool, watched))
  const changes = createChanges()
  let listener: Listener | undefined

  const database: Database<Users> = {
    name,
    db: connection,
    tables,
    users,
    notice: withoutListen === undefined && isDeaf ? NOTICE : null,
    get accessTokens () { return accessTokens },

    prepare (query) {
      // Without a name it is no state of the session, which a pooler in transaction mode would not keep.
      const statement = query.prepare(withoutListen === 'ttl' ? '' : `authtoken_${++prepared}`)
      return async (values) => {
        const [row] = await guarded(() => statement.execute(values))
        return row
      }
    },

    run: guarded,

    async transaction (statements, affected) {
      try {
        return await guarded(() => inTransaction(pool, affected, statements(connection)))
      } finally {
        if (affected !== undefined) changes.tell(affected === 'all' ? affected : { user: idKey(affected.user) })
      }
    },

    cast: (value, column) => sql`${value === null ? null : sql.param(value, column)}::${sql.raw(column.getSQLType())}`,
    rows: manyRows,
    hold: (query) => [query.for('update')],

    watch (told) {
      changes.on(told)
      listener ??= isDeaf
        ? { ...NO_LISTENER, isCurrent: () => true, maxAgeMs: DEAF_AGE_MS }
        : listen(pool, async () => accessTokens && await hasTriggers(pool, watched), silence, changes.tell)
      return listener
    },

    describe: (table) => guarded(() => describePostgres(pool, table)),
    nameOf: (column) => connection.dialect.casing.getColumnCasing(column),

    async close () {
      await listener?.close()
      await end()
    }
  }
  return { database, isDeaf, lookAgain: async () => { accessTokens = await lookForAccessTokens() } }
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

async function guarded<T> (query: () => PromiseLike<T>): Promise<T> {
  try {
    return await query()
  } catch (error) {
    if (error instanceof AuthtokenError || codeOf(error).startsWith('23')) throw error
    // Text or a number that no column can hold.
    if (codeOf(error).startsWith('22')) throw new BadRequest()
    throw retryAfter(new DatabaseUnavailable({ cause: error }), 1)
  }
}
