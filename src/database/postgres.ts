import { sql } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { AuthtokenError, BadRequest, DatabaseUnavailable, DatabaseUnusable, InvalidSettings, retryAfter } from '../errors.js'
import { createChanges } from './changes.js'
import { codeOf, type Database, type DatabaseOptions, type HostDatabase, type Statement } from './database.js'
import { listen, type Listener, NO_LISTENER } from './postgres-listener.js'
import { hasAccessTokens, hasTable, hasTriggers, inspectPostgres, migratePostgres, rewriteDrfTokens } from './postgres-tables.js'
import { nameOf, reason } from './postgres-connection.js'
import * as schema from './schema.postgres.js'

/** The oldest server that is supported: 15, as `server_version_num`. */
const OLDEST = 150_000
// Two keys: one number for what is ours, and a user's id or 0 for all.
const LOCK_SPACE = 0x617574
const KEEP_ALIVE_DELAY_MS = 10_000

/**
 * Connects to a PostgreSQL.
 * @param url `postgres://user:password@host:port/database`, with libpq's parameters behind a question mark
 * @throws InvalidSettings, DatabaseUnusable
 */
export async function openPostgres (url: string, options: DatabaseOptions): Promise<Database> {
  const name = nameOf(url)
  const { size = 10, connectTimeoutMs = 2_000, queryTimeoutMs = 5_000, idleInTransactionTimeoutMs = 10_000 } = options.pool ?? {}
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
    return await createDatabase(drizzle(pool, { schema }), pool, name, options, async () => { if (!pool.ended) await pool.end() })
  } catch (error) {
    await pool.end()
    throw error instanceof AuthtokenError && codeOf(error) !== 'AUTHTOKEN_DATABASE_UNAVAILABLE' ? error : new DatabaseUnusable(`${name} ${reason(error)}`, { cause: error })
  }
}

/**
 * Takes the host's Drizzle instance: never migrated, never closed.
 * @param db a `drizzle-orm/node-postgres` database on a pool
 */
export async function adoptPostgres (db: HostDatabase, options: DatabaseOptions): Promise<Database> {
  const own = db as NodePgDatabase<typeof schema> & { $client?: unknown }
  const pool = own.$client
  if (!(pool instanceof pg.Pool)) throw new DatabaseUnusable('database must be a URL, or a Drizzle instance of drizzle-orm/better-sqlite3, or of drizzle-orm/node-postgres on a Pool')
  return await createDatabase(own, pool, 'the database', options, async () => {})
}

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

async function createDatabase (db: NodePgDatabase<typeof schema>, pool: pg.Pool, name: string, { withoutListen = 'ask' }: DatabaseOptions, end: () => Promise<void>): Promise<Database> {
  const { rows: [server] } = await pool.query("select current_setting('server_version_num')::int as version")
  if (server.version < OLDEST) throw new DatabaseUnusable(`${name} is PostgreSQL ${Math.floor(server.version / 10_000)}; ${OLDEST / 10_000} is the oldest that is supported`)
  const django = await hasTable(pool, 'django_migrations')
  let accessTokens = await hasAccessTokens(pool)
  const changes = createChanges()
  let listener: Listener | undefined
  let prepared = 0

  return {
    name,
    db,
    schema,
    django,
    get accessTokens () { return accessTokens },

    prepare (query) {
      // Without a name it is no state of the session.
      const statement = query.prepare(withoutListen === 'ttl' ? '' : `authtoken_${++prepared}`)
      return async (values) => {
        const [row] = await guarded(() => statement.execute(values))
        return row
      }
    },

    run: guarded,

    async transaction (statements, affected) {
      try {
        return await guarded(() => inTransaction(pool, affected, statements))
      } finally {
        if (affected !== undefined) changes.tell(affected)
      }
    },

    cast: (value, column) => sql`${value === null ? null : sql.param(value, column)}::${sql.raw(column.getSQLType())}`,
    hold: (query) => [query.for('update')],

    watch (told) {
      changes.on(told)
      listener ??= withoutListen === 'ttl'
        ? { ...NO_LISTENER, isCurrent: () => true, maxAgeMs: 1_000 }
        : listen(pool, async () => accessTokens && await hasTriggers(pool), changes.tell)
      return listener
    },

    async migrate () {
      try {
        await migratePostgres(pool)
      } catch (error) {
        throw new DatabaseUnusable(`${name} ${reason(error)}`, { cause: error })
      }
      accessTokens = true
      const { unusable, unready } = await inspectPostgres(pool)
      if (unusable.length + unready.length > 0) throw new DatabaseUnusable(`${name} ${[...unusable, ...unready].join('; ')}`)
    },

    overwriteDeleted () {},
    scrub: () => guarded(() => rewriteDrfTokens(pool)),
    inspect: () => guarded(() => inspectPostgres(pool)),

    async close () {
      await listener?.close()
      await end()
    }
  }
}

/**
 * Runs statements between `begin` and `commit`. The locks are advisory, so that they need no right on Django's tables: each
 * user has one, and all that hold one share another, which whoever is to be alone takes for itself.
 */
async function inTransaction (pool: pg.Pool, affected: { user: number } | 'all' | undefined, statements: (db: Database['db']) => Statement[]): Promise<number[]> {
  const lock = affected === undefined
    ? ''
    : affected === 'all'
      ? `; select pg_advisory_xact_lock(${LOCK_SPACE}, 0)`
      : `; select pg_advisory_xact_lock_shared(${LOCK_SPACE}, 0), pg_advisory_xact_lock(${LOCK_SPACE}, ${Number(affected.user)})`
  const client = await pool.connect()
  let broken: Error | undefined
  // One that ends between two statements says so here; the next statement fails.
  const ended = (error: Error) => { broken = error }
  client.on('error', ended)
  try {
    await client.query(`begin${lock}`)
    const counts = []
    for (const statement of statements(drizzle(client, { schema }))) counts.push((await statement as pg.QueryResult).rowCount ?? 0)
    await client.query('commit')
    return counts
  } catch (error) {
    await client.query('rollback').catch(ended)
    throw error
  } finally {
    client.off('error', ended)
    // What did not even answer to a rollback is no connection any more.
    client.release(broken)
  }
}

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
