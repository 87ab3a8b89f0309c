import { getTableName } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { pgTable } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { AuthtokenError, DatabaseUnusable, InvalidSettings } from '../../errors.js'
import { databaseOptions } from '../../options/database-options.js'
import { withDefaults } from '../../options/option-groups.js'
import { poolOptions } from '../../options/pool-options.js'
import { codeOf, type Database, type DatabaseOptions, type DjangoDatabase, type HostDatabase, type TokenTables } from '../database-interface.js'
import { authUsers, customUsers } from '../django-users.js'
import { nameOf, reason } from './connection.js'
import { createPostgresDatabase, guarded, type PostgresDrizzle } from './database.js'
import { NO_SILENCE, type Silence, watchSilence } from './dead-connections.js'
import { buildPostgresTable, describePostgres, hasTable, identityOf, inspectPostgres, migratePostgres, reserveUserIds, rewriteDrfTokens } from './inspect.js'
import * as schema from './schema.js'
import { defineTokenTables } from './token-tables.js'
import type { UserModel } from '../user-model.js'

/** The oldest server that is supported: 15, as `server_version_num`. */
const OLDEST = 150_000
const KEEP_ALIVE_DELAY_MS = 10_000

/**
 * Connects to a PostgreSQL.
 * @param url `postgres://user:password@host:port/database`, with libpq's parameters behind a question mark
 * @throws InvalidSettings, DatabaseUnusable
 */
export async function openPostgres (url: string, options: DatabaseOptions): Promise<DjangoDatabase> {
  const name = nameOf(url)
  const { size, connectTimeoutMs, queryTimeoutMs, idleInTransactionTimeoutMs } = withDefaults(poolOptions, options.pool)
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
    return await createDjangoDatabase(drizzle(pool) as unknown as PostgresDrizzle, name, options, watchSilence(pool), async () => { if (!pool.ended) await pool.end() })
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
  createDjangoDatabase(db as unknown as PostgresDrizzle, NAME, options, NO_SILENCE, async () => {})

/**
 * Takes the host's Drizzle instance, with the host's users: never migrated, never closed.
 * @param db a `drizzle-orm/node-postgres` database on a pool
 */
export async function hostPostgres (db: HostDatabase, users: UserModel, tables: TokenTables, { withoutListen }: DatabaseOptions): Promise<Database> {
  const connection = db as unknown as PostgresDrizzle
  await refuseOld(connection.$client, NAME)
  return (await createPostgresDatabase(connection, NAME, withoutListen, users, tables, NO_SILENCE, async () => {})).database
}

const NAME = 'the database'

function createPool (config: pg.PoolConfig): pg.Pool {
  try {
    // It reads the URL, as the pool does not before it connects.
    return new pg.Client(config) && new pg.Pool(config)
  } catch {
    // The parser's own message may quote the URL.
    throw new InvalidSettings('database can not be read: it must be postgres://<user>:<password>@<host>:<port>/<database>, with special characters of user and password percent-encoded, and certificates that exist')
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

async function createDjangoDatabase (connection: PostgresDrizzle, name: string, { withoutListen, users: userTable }: DatabaseOptions, silence: Silence, end: () => Promise<void>): Promise<DjangoDatabase> {
  const pool = connection.$client
  await refuseOld(pool, name)
  const users = userTable === undefined
    ? authUsers(schema.users)
    : customUsers(name, userTable, await describePostgres(pool, pgTable(userTable.table ?? getTableName(schema.users), {})), buildPostgresTable)
  const tables = userTable === undefined ? schema : defineTokenTables(users.id, pgTable)
  const { database, lookAgain } = await createPostgresDatabase(connection, name, withoutListen ?? databaseOptions.properties.withoutListen.default, users, tables as unknown as TokenTables, silence, end)
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
