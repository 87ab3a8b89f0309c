import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import SQLite from 'better-sqlite3'
import { getTableName, sql } from 'drizzle-orm'
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3'
import { AuthtokenError, DatabaseUnavailable, DatabaseUnusable, retryAfter } from '../errors.js'
import { createChanges } from './changes.js'
import { codeOf, type Database, type DatabaseOptions, type HostDatabase, type Preparable } from './database.js'
import * as schema from './schema.sqlite.js'
import { createSqliteFile } from './sqlite-file.js'
import { hasTable, inspectSqlite, migrateSqlite, reason } from './sqlite-tables.js'
import { watchSqlite } from './sqlite-watch.js'

const PATIENCE_MS = 5_000
const MIGRATION_PATIENCE_MS = 30_000
const SCRUB_PATIENCE_MS = 60_000
const ACCESS_TOKENS_TABLE = getTableName(schema.authtokenAccesstoken)

// Drizzle types a connection by its schema. Ours and a host's differ in that alone, hence the casts below.
type Connection = BetterSQLite3Database<Record<string, unknown>> & { $client: SQLite.Database }

/** What SQLite's builders can do, and PostgreSQL's, whose types the stores see, can not. */
interface Runnable { run (): { changes: number } }
interface Gettable<Row> { get (values?: Record<string, unknown>): Row | undefined }

/**
 * Opens the file that a URL names, and makes it where there is none.
 * @param url `file:` and a path, relative to the working directory or absolute
 */
export function openSqlite (url: string, { busyTimeoutMs = 5, create = true }: DatabaseOptions): Database {
  const path = url.startsWith('file:///') ? fileURLToPath(url) : url.slice('file:'.length)
  const client = usable(path, () => {
    if (create && path !== ':memory:') createSqliteFile(path)
    const client = new SQLite(path, { timeout: busyTimeoutMs, fileMustExist: !create })
    client.pragma('foreign_keys = ON')
    waiting(client, () => client.prepare('select count(*) from sqlite_master').get())
    return client
  })
  return createDatabase(drizzle(client, { schema }) as unknown as Connection, url, false)
}

/**
 * Takes the host's Drizzle instance: never migrated, never closed.
 * @param db a `drizzle-orm/better-sqlite3` database
 */
export function adoptSqlite (db: HostDatabase): Database {
  const client = (db as Connection).$client
  if (typeof client?.pragma !== 'function') throw new DatabaseUnusable('database must be a URL, or a Drizzle instance of drizzle-orm/better-sqlite3')
  return createDatabase(db as Connection, 'the database', true)
}

function createDatabase (connection: Connection, name: string, shared: boolean): Database {
  const client = connection.$client
  const django = waiting(client, () => hasTable(client, 'django_migrations'))
  let accessTokens = waiting(client, () => hasTable(client, ACCESS_TOKENS_TABLE))

  const changes = createChanges()
  const watch = waiting(client, () => watchSqlite(client, shared, changes))

  return {
    name,
    db: connection as unknown as Database['db'],
    schema: schema as unknown as Database['schema'],
    django,
    get accessTokens () { return accessTokens },

    prepare<Row> (query: Preparable<Row>) {
      const prepared = query.prepare('') as unknown as Gettable<Row>
      return (values?: Record<string, unknown>) => {
        try {
          return prepared.get(values)
        } catch (error) {
          if (codeOf(error).startsWith('SQLITE_BUSY')) return withPatience(PATIENCE_MS, () => prepared.get(values))
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
        if (affected !== undefined) changes.tell(affected)
      }
    },

    cast: (value, column) => sql`${value === null ? null : sql.param(value, column)}`,
    // There is one writer at a time.
    hold: () => [],

    watch (listener) {
      changes.on(listener)
      return watch
    },

    async migrate () {
      await withPatience(MIGRATION_PATIENCE_MS, () => usable(name, () => migrateSqlite(client)))
      accessTokens = waiting(client, () => hasTable(client, ACCESS_TOKENS_TABLE))
      const { unusable, unready } = waiting(client, () => inspectSqlite(client))
      refuse(name, [...unusable, ...unready])
    },

    overwriteDeleted () { client.pragma('secure_delete = ON') },

    scrub: () => withPatience(SCRUB_PATIENCE_MS, () => {
      client.exec('VACUUM')
      const [{ busy }] = client.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }]
      // Somebody reads what the journal holds still.
      if (busy !== 0) throw Object.assign(new Error('The journal is in use'), { code: 'SQLITE_BUSY' })
    }),

    inspect: async () => waiting(client, () => inspectSqlite(client)),
    async close () { if (!shared) client.close() }
  }
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
