import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import SQLite from 'better-sqlite3'
import { type Column, getTableName, type Query, type SQL, sql } from 'drizzle-orm'
import { type BetterSQLite3Database, type BetterSQLiteSession, drizzle } from 'drizzle-orm/better-sqlite3'
import { sqliteTable } from 'drizzle-orm/sqlite-core'
import { AuthtokenError, DatabaseUnavailable, DatabaseUnusable, InvalidSettings, retryAfter } from '../errors.js'
import { createChanges, idKey } from './changes.js'
import { codeOf, type Database, type DatabaseOptions, type DjangoDatabase, type HostDatabase, type Preparable, type TokenTables } from './database.js'
import { authUsers, customUsers, type UserTableOptions } from './django-users.js'
import * as schema from './schema.sqlite.js'
import { createRowReader, type Selection } from './row-reader.js'
import { createSqliteFile, identityOfFile, pathOf } from './sqlite-file.js'
import { buildSqliteTable, describeSqlite, hasTable, inspectSqlite, migrateSqlite, reason, reserveUserIds } from './sqlite-tables.js'
import { type SqliteWatch, watchSqlite } from './sqlite-watch.js'
import { defineTokenTables } from './token-tables.sqlite.js'
import type { UserModel } from './user-model.js'

const PATIENCE_MS = 5_000
// With millions of tokens the pages of a few thousand that are in use are some 50 MB. A small file needs no more than itself.
const PAGE_CACHE_KB = 65_536
const MIGRATION_PATIENCE_MS = 30_000
const SCRUB_PATIENCE_MS = 60_000

// Drizzle types a connection by its schema. Ours and a host's differ in that alone, hence the casts below.
type Connection = BetterSQLite3Database<Record<string, unknown>> & {
  $client: SQLite.Database
  session: Pick<BetterSQLiteSession<never, never>, 'prepareQuery'>
  dialect: { casing: { getColumnCasing (column: Column): string }, sqlToQuery (sql: SQL): Query }
}

/** What SQLite's builders can do, and PostgreSQL's, whose types the stores see, can not. */
interface Runnable { run (): { changes: number } }
interface Selecting { _: { selectedFields: Selection } }

/**
 * Opens the file that a URL names, and makes it where there is none.
 * @param url `file:` and a path, relative to the working directory or absolute
 */
export function openSqlite (url: string, { busyTimeoutMs = 5, create = true, users }: DatabaseOptions): DjangoDatabase {
  const path = pathOf(url)
  if (users !== undefined && path !== ':memory:' && !existsSync(path)) throw new DatabaseUnusable(`${url} does not exist; with USER_TABLE it must be the file of a Django`)
  const client = usable(path, () => {
    if (create && path !== ':memory:') createSqliteFile(path)
    const client = new SQLite(path, { timeout: busyTimeoutMs, fileMustExist: !create })
    client.pragma('foreign_keys = ON')
    waiting(client, () => client.prepare('select count(*) from sqlite_master').get())
    // Reads the file where that is not done already, and another may have locked it.
    client.pragma(`cache_size = -${PAGE_CACHE_KB}`)
    return client
  })
  try {
    return createDjangoDatabase(drizzle(client) as unknown as Connection, url, false, users)
  } catch (error) {
    client.close()
    throw error
  }
}

/**
 * Takes the host's Drizzle instance, on a database of Django's form: never migrated, never closed.
 * @param db a `drizzle-orm/better-sqlite3` database
 */
export const adoptSqlite = (db: HostDatabase, { users }: DatabaseOptions): DjangoDatabase =>
  createDjangoDatabase(db as Connection, NAME, true, users)

/**
 * Takes the host's Drizzle instance, with the host's users: never migrated, never closed.
 * @param db a `drizzle-orm/better-sqlite3` database
 * @throws InvalidSettings where nothing keeps tokens from staying behind when their user goes
 */
export function hostSqlite (db: HostDatabase, users: UserModel, tables: TokenTables): Database {
  const connection = db as Connection
  if (connection.$client.pragma('foreign_keys', { simple: true }) === 0) throw new InvalidSettings('authtoken: database must have foreign keys enforced, so that tokens go with their user: set "pragma foreign_keys = ON" on its connection')
  return createDatabase(connection, NAME, true, users, tables).database
}

const NAME = 'the database'

function createDjangoDatabase (connection: Connection, name: string, shared: boolean, userTable: UserTableOptions | undefined): DjangoDatabase {
  const client = connection.$client
  const users = userTable === undefined
    ? authUsers(schema.users as never)
    : customUsers(name, userTable, waiting(client, () => describeSqlite(client, userTable.table ?? getTableName(schema.users))), buildSqliteTable)
  const tables = userTable === undefined ? schema : defineTokenTables(users.id as never, sqliteTable)
  const { database, watch, lookAgain } = createDatabase(connection, name, shared, users, tables as unknown as TokenTables)
  return Object.assign(database, {
    django: waiting(client, () => hasTable(client, 'django_migrations')),

    async migrate () {
      await withPatience(MIGRATION_PATIENCE_MS, () => usable(name, () => migrateSqlite(client, name, users)))
      lookAgain()
      const { unusable, unready } = waiting(client, () => inspectSqlite(client, users))
      refuse(name, [...unusable, ...unready])
    },

    reserveIds: (last: number) => withPatience(PATIENCE_MS, () => watch.absorb(() => reserveUserIds(client, getTableName(users.table), last))),
    identity: async () => identityOfFile(client.name),

    overwriteDeleted () { client.pragma('secure_delete = ON') },

    scrub: () => withPatience(SCRUB_PATIENCE_MS, () => {
      client.exec('VACUUM')
      const [{ busy }] = client.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }]
      // Somebody reads what the journal holds still.
      if (busy !== 0) throw Object.assign(new Error('The journal is in use'), { code: 'SQLITE_BUSY' })
    }),

    inspect: async () => waiting(client, () => inspectSqlite(client, users))
  })
}

function createDatabase<Users extends UserModel> (connection: Connection, name: string, shared: boolean, users: Users, tables: TokenTables) {
  const client = connection.$client
  const lookForAccessTokens = () => waiting(client, () => hasTable(client, getTableName(tables.authtokenAccesstoken)))
  let accessTokens = lookForAccessTokens()

  const changes = createChanges()
  const watch: SqliteWatch = waiting(client, () => watchSqlite(client, shared, changes))

  const database: Database<Users> = {
    name,
    db: connection as unknown as Database['db'],
    tables,
    users,
    notice: null,
    get accessTokens () { return accessTokens },

    prepare<Row> (query: Preparable<Row>) {
      const { _: { selectedFields } } = query as unknown as Selecting
      const read = createRowReader<Row>(selectedFields)
      const prepared = connection.session.prepareQuery(connection.dialect.sqlToQuery(query.getSQL()), undefined, 'get', true, ([row]) => read(row as unknown[]))
      const ask = (values?: Record<string, unknown>) => prepared.get(values) as Row | undefined
      return (values?: Record<string, unknown>) => {
        try {
          return ask(values)
        } catch (error) {
          if (codeOf(error).startsWith('SQLITE_BUSY')) return withPatience(PATIENCE_MS, () => ask(values))
          throw unavailable(error)
        }
      }
    },

    // A builder runs in its `then`.
    run: (query) => withPatience(PATIENCE_MS, () => watch.absorb(() => new Promise((resolve, reject) => { query().then(resolve, reject) }))),

    async transaction (statements, affected) {
      const run = (tx: unknown) => statements(tx as Database['db']).map((statement) => (statement as unknown as Runnable).run().changes)
      try {
        return await withPatience(PATIENCE_MS, () => watch.absorb(() => connection.transaction(run, { behavior: 'immediate' })))
      } finally {
        if (affected !== undefined) changes.tell(affected === 'all' ? affected : { user: idKey(affected.user) })
      }
    },

    cast: (value, column) => sql`${value === null ? null : sql.param(value, column)}`,
    rows: (columns, rows) => sql`(select ${sql.join(Object.keys(columns).map((name, index) => sql`value ->> ${sql.raw(String(index))} as ${sql.identifier(name)}`), sql`, `)} from json_each(${JSON.stringify(rows)}))`,
    // There is one writer at a time.
    hold: () => [],

    watch (listener) {
      changes.on(listener)
      return watch
    },

    describe: async (table) => waiting(client, () => describeSqlite(client, getTableName(table))),
    nameOf: (column) => connection.dialect.casing.getColumnCasing(column),
    async close () { if (!shared) client.close() }
  }
  return { database, watch, lookAgain: () => { accessTokens = lookForAccessTokens() } }
}

function refuse (name: string, problems: string[]): void {
  if (problems.length > 0) throw new DatabaseUnusable(`${name} ${problems.join('; ')}`)
}

/** Waits for locks on the spot: at the start, where no event loop has anything better to do. */
function waiting<T> (client: SQLite.Database, action: () => T): T {
  const usual = client.pragma('busy_timeout', { simple: true })
  client.pragma(`busy_timeout = ${PATIENCE_MS}`)
  try {
    return action()
  } finally {
    client.pragma(`busy_timeout = ${usual}`)
  }
}

/** Tries again without blocking the event loop. */
async function withPatience<T> (milliseconds: number, action: () => T | PromiseLike<T>): Promise<T> {
  const deadline = performance.now() + milliseconds
  while (true) {
    try {
      return await action()
    } catch (error) {
      if (error instanceof AuthtokenError || codeOf(error).startsWith('SQLITE_CONSTRAINT')) throw error
      if (!codeOf(error).startsWith('SQLITE_BUSY') || performance.now() > deadline) throw unavailable(error)
      await sleep(5 + Math.random() * 20)
    }
  }
}

const unavailable = (error: unknown) => retryAfter(new DatabaseUnavailable({ cause: error }), 1)

function usable<T> (path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (codeOf(error).startsWith('SQLITE_BUSY') || error instanceof DatabaseUnusable) throw error
    throw new DatabaseUnusable(`${path} ${reason(error)}`, { cause: error })
  }
}
