import { getTableName } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { pgTable } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { AuthtokenError, DatabaseUnusable, InvalidSettings } from '../../errors.js'
import type { Database, DjangoDatabase, HostDatabase, HostModel, TokenTables } from '../database-interface.js'
import { databaseOptions, type UserTableOptions } from '../../options/database-options.js'
import { withDefaults } from '../../options/option-groups.js'
import { poolOptions } from '../../options/pool-options.js'
import type { DatabaseOptions } from '../opening-options.js'
import { authUsers, customUsers } from '../django-users.js'
import { codeOf } from '../driver-errors.js'
import { inspectSchema, migrateSchema } from '../inspection.js'
import type { DjangoUsers } from '../user-model.js'
import { describeTable, hasTable, identityOf, reserveIds } from './catalog.js'
import { tableOfTypes } from './columns.js'
import { guarded, nameOf, reason } from './connection.js'
import { createPostgresDatabase, type PostgresConnection, type PostgresDrizzle } from './database.js'
import { NOT_TRACKED, trackDeadConnections } from './dead-connections.js'
import { managePostgres } from './inspect.js'
import * as schema from './schema.js'
import { defineTokenTables } from './token-tables.js'

const OLDEST = 150_000
const KEEP_ALIVE_DELAY_MS = 10_000

/** Connects to `postgres://user:password@host:port/database`, with libpq's parameters behind a question mark. */
export async function openPostgres (url: string, options: DatabaseOptions): Promise<DjangoDatabase> {
  const name = nameOf(url)
  const { withoutListen } = withDefaults(databaseOptions, options)
  const pool = createPool(url, options)
  const end = async () => { if (!pool.ended) await pool.end() }
  const deadConnections = trackDeadConnections(pool)
  try {
    const connection = { drizzle: drizzle(pool) as unknown as PostgresDrizzle, name, withoutListen, deadConnections, end }
    return await createDjangoDatabase(connection, options.users)
  } catch (error) {
    await pool.end()
    if (error instanceof AuthtokenError && codeOf(error) !== 'AUTHTOKEN_DATABASE_UNAVAILABLE') throw error
    throw new DatabaseUnusable(`${name} ${reason(error)}`, { cause: error })
  }
}

export const adoptPostgres = (db: HostDatabase, options: DatabaseOptions): Promise<DjangoDatabase> =>
  createDjangoDatabase(hostConnection(db, withDefaults(databaseOptions, options).withoutListen), options.users)

export async function hostPostgres (db: HostDatabase, model: HostModel, { withoutListen }: DatabaseOptions): Promise<Database> {
  const connection = hostConnection(db, withoutListen)
  await refuseOld(connection)
  return (await createPostgresDatabase(connection, model.users, model.tables)).database
}

const hostConnection = (db: HostDatabase, withoutListen: DatabaseOptions['withoutListen']): PostgresConnection => ({
  drizzle: db as unknown as PostgresDrizzle,
  name: 'the database',
  withoutListen,
  deadConnections: NOT_TRACKED,
  end: async () => {}
})

function createPool (url: string, { pool, withoutListen }: DatabaseOptions): pg.Pool {
  const { size, connectTimeoutMs, queryTimeoutMs, idleInTransactionTimeoutMs } = withDefaults(poolOptions, pool)
  const config: pg.PoolConfig = {
    connectionString: url,
    application_name: 'fastify-authtoken',
    max: size,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs + 500,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    // A pooler in transaction mode takes no settings of a session.
    ...(withoutListen !== 'ttl' && {
      statement_timeout: queryTimeoutMs,
      lock_timeout: queryTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs
    }),
    // The pool waits for it, whatever its type says.
    onConnect: refuseStandby as (client: pg.ClientBase) => void
  }
  try {
    // It reads the URL, as the pool does not before it connects.
    const pool = new pg.Client(config) && new pg.Pool(config)
    // A connection that fails while idle is dropped by the pool; the next request finds out whether there is another.
    return pool.on('error', () => {})
  } catch {
    // The parser's own message may quote the URL.
    throw new InvalidSettings('database can not be read: it must be postgres://<user>:<password>@<host>:<port>/<database>, ' +
      'with special characters of user and password percent-encoded, and certificates that exist')
  }
}

/** A server that only follows another answers from the past. */
async function refuseStandby (client: pg.ClientBase): Promise<void> {
  const { rows: [row] } = await client.query("select pg_is_in_recovery() as standby, set_config('DateStyle', 'ISO', false)")
  if (row.standby) throw Object.assign(new Error('The server is a standby'), { code: 'STANDBY' })
}

async function refuseOld ({ drizzle: { $client: pool }, name }: PostgresConnection): Promise<void> {
  const { rows: [server] } = await pool.query("select current_setting('server_version_num')::int as version")
  if (server.version >= OLDEST) return
  const [version, oldest] = [server.version, OLDEST].map((number) => Math.floor(number / 10_000))
  throw new DatabaseUnusable(`${name} is PostgreSQL ${version}; ${oldest} is the oldest that is supported`)
}

async function createDjangoDatabase (connection: PostgresConnection, userTable: UserTableOptions | undefined): Promise<DjangoDatabase> {
  const { drizzle: { $client: pool }, name } = connection
  await refuseOld(connection)
  const users = userTable === undefined ? authUsers(schema.users) : await usersIn(pool, name, userTable)
  const tables = userTable === undefined ? schema : defineTokenTables(users.id, pgTable)
  const { database, lookAgain } = await createPostgresDatabase(connection, users, tables as unknown as TokenTables)
  const managed = managePostgres(pool, users)

  return Object.assign(database, {
    django: await hasTable(pool, 'django_migrations'),

    async migrate () {
      try {
        await migrateSchema(managed, name)
      } catch (error) {
        throw error instanceof DatabaseUnusable ? error : new DatabaseUnusable(`${name} ${reason(error)}`, { cause: error })
      }
      await lookAgain()
    },

    inspect: () => guarded(() => inspectSchema(managed)),
    identity: () => guarded(() => identityOf(pool, users.table)),
    overwriteDeleted () {},
    reserveIds: (last: number) => guarded(() => reserveIds(pool, users.table, last)),
    scrub: () => guarded(async () => { await pool.query('vacuum (full) authtoken_token') })
  })
}

async function usersIn (pool: pg.Pool, name: string, options: UserTableOptions): Promise<DjangoUsers> {
  const found = await describeTable(pool, pgTable(options.table ?? getTableName(schema.users), {}))
  return customUsers(name, options, found, tableOfTypes)
}
