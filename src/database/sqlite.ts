import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import SQLite from 'better-sqlite3'
import { getTableName } from 'drizzle-orm'
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3'
import { getTableConfig } from 'drizzle-orm/sqlite-core'
import { AuthtokenError, DatabaseUnavailable, DatabaseUnusable, retryAfter } from '../errors.js'
import type { Database, DatabaseOptions, HostDatabase, Inspection } from './database.js'
import { MIGRATIONS_TABLE, readMigrations } from './migrations.js'
import * as schema from './schema.sqlite.js'
import { createSqliteFile } from './sqlite-file.js'

const PATIENCE_MS = 5_000
const MIGRATION_PATIENCE_MS = 30_000
const SCRUB_PATIENCE_MS = 60_000
const ACCESS_TOKENS_TABLE = getTableName(schema.authtokenAccesstoken)

// Drizzle types a connection by its schema. Ours and a host's differ in that alone, hence the casts below.
type Connection = BetterSQLite3Database<Record<string, unknown>> & { $client: SQLite.Database }

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
  return createDatabase(drizzle(client, { schema }) as unknown as Connection, path, () => client.close())
}

/**
 * Takes the host's Drizzle instance: never migrated, never closed.
 * @param db a `drizzle-orm/better-sqlite3` database
 */
export function adoptSqlite (db: HostDatabase): Database {
  const client = (db as Connection).$client
  if (typeof client?.pragma !== 'function') throw new DatabaseUnusable('database must be a URL, or a Drizzle instance of drizzle-orm/better-sqlite3')
  return createDatabase(db as Connection, 'the database', () => {})
}

function createDatabase (connection: Connection, name: string, close: () => void): Database {
  const client = connection.$client
  const django = waiting(client, () => hasTable(client, 'django_migrations'))
  let accessTokens = waiting(client, () => hasTable(client, ACCESS_TOKENS_TABLE))

  return {
    db: connection as unknown as BetterSQLite3Database<typeof schema>,
    schema,
    django,
    get accessTokens () { return accessTokens },

    prepare (query) {
      const prepared = query.prepare()
      return (values) => {
        try {
          return prepared.get(values)
        } catch (error) {
          if (code(error).startsWith('SQLITE_BUSY')) return withPatience(PATIENCE_MS, () => prepared.get(values))
          throw unavailable(error)
        }
      }
    },

    run: (query) => withPatience(PATIENCE_MS, query),

    transaction: (statements) => withPatience(PATIENCE_MS, () => connection.transaction(
      (tx) => statements(tx as unknown as Database['db']).map((statement) => statement.run().changes),
      { behavior: 'immediate' }
    )),

    async migrate () {
      await withPatience(MIGRATION_PATIENCE_MS, () => usable(name, () => migrate(client)))
      accessTokens = waiting(client, () => hasTable(client, ACCESS_TOKENS_TABLE))
      const { unusable, unready } = waiting(client, () => inspect(client))
      refuse(name, [...unusable, ...unready])
    },

    overwriteDeleted () { client.pragma('secure_delete = ON') },

    scrub: () => withPatience(SCRUB_PATIENCE_MS, () => {
      client.exec('VACUUM')
      const [{ busy }] = client.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }]
      // Somebody reads what the journal holds still.
      if (busy !== 0) throw Object.assign(new Error('The journal is in use'), { code: 'SQLITE_BUSY' })
    }),

    inspect: () => waiting(client, () => inspect(client)),
    close
  }
}

/** Applies what is missing, in one transaction that holds the write lock from its first statement. */
function migrate (client: SQLite.Database): void {
  if (pending(client).length === 0) return
  client.transaction(() => {
    client.exec(`CREATE TABLE IF NOT EXISTS ${MIGRATIONS_TABLE} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`)
    const record = client.prepare(`insert into ${MIGRATIONS_TABLE} (hash, created_at) values (?, ?)`)
    for (const migration of pending(client)) {
      for (const statement of migration.sql) client.exec(statement)
      record.run(migration.hash, migration.folderMillis)
    }
  }).immediate()
}

function pending (client: SQLite.Database) {
  const newest = newestMigration(client)
  return readMigrations('sqlite').filter((migration) => migration.folderMillis > newest)
}

function newestMigration (client: SQLite.Database): number {
  if (!hasTable(client, MIGRATIONS_TABLE)) return 0
  return Number(client.prepare(`select max(created_at) from ${MIGRATIONS_TABLE}`).pluck().get() ?? 0)
}

function inspect (client: SQLite.Database): Inspection {
  const unusable: string[] = []
  const unready: string[] = []
  const advice: string[] = []
  const known = readMigrations('sqlite').at(-1)?.folderMillis ?? 0
  if (newestMigration(client) > known) unusable.push('was migrated by a newer version of fastify-authtoken; install that version')
  for (const table of [schema.users, schema.authtokenToken]) {
    const { name, columns } = getTableConfig(table)
    const present = client.prepare('select name from pragma_table_info(?)').pluck().all(name)
    if (present.length === 0) unusable.push(`has no table ${name}; run "authtoken migrate"`)
    else for (const column of columns) if (!present.includes(column.name)) unusable.push(`has a table ${name} without a column ${column.name}; it is not a Django user or token table`)
  }
  if (unusable.length === 0 && pending(client).length > 0) unready.push('lacks the newest migrations; run "authtoken migrate"')
  try {
    // BEGIN IMMEDIATE alone succeeds on a read-only file.
    client.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${Number(client.pragma('user_version', { simple: true }))}; ROLLBACK`)
  } catch (error) {
    if (client.inTransaction) client.exec('ROLLBACK')
    if (code(error).startsWith('SQLITE_BUSY')) advice.push('is locked by another program at the moment')
    else unready.push(reason(error))
  }
  const mode = client.pragma('journal_mode', { simple: true })
  if (mode === 'delete') advice.push('journal_mode is "delete"; with "wal" readers and writers do not wait for each other (sqlite3 <file> "pragma journal_mode=wal")')
  return { unusable, unready, advice }
}

function refuse (name: string, problems: string[]): void {
  if (problems.length > 0) throw new DatabaseUnusable(`${name} ${problems.join('; ')}`)
}

function hasTable (client: SQLite.Database, name: string): boolean {
  return client.prepare("select 1 from sqlite_master where type = 'table' and name = ?").get(name) !== undefined
}

const code = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '')

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
      if (error instanceof AuthtokenError || code(error).startsWith('SQLITE_CONSTRAINT')) throw error
      if (!code(error).startsWith('SQLITE_BUSY') || performance.now() > deadline) throw unavailable(error)
      await sleep(5 + Math.random() * 20)
    }
  }
}

const unavailable = (error: unknown) => retryAfter(new DatabaseUnavailable({ cause: error }), 1)

function usable<T> (path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (code(error).startsWith('SQLITE_BUSY') || error instanceof DatabaseUnusable) throw error
    throw new DatabaseUnusable(`${path} ${reason(error)}`, { cause: error })
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'can not be made: its folder does not exist',
  EACCES: 'can not be made: its folder is not writable',
  EROFS: 'can not be made: the file system is read-only',
  ENOTDIR: 'can not be made: its folder is not a folder',
  SQLITE_NOTADB: 'is not an SQLite database',
  SQLITE_CORRUPT: 'is a corrupt SQLite database; restore it from a backup',
  SQLITE_CANTOPEN: 'can not be opened; it must exist ("authtoken migrate" makes it) and be a file that this user may read and write, in a folder that this user may write',
  SQLITE_READONLY: 'is read-only; this user must be able to write it and its folder',
  SQLITE_FULL: 'can not grow: the disk is full'
}

function reason (error: unknown): string {
  const name = Object.keys(REASONS).find((prefix) => code(error).startsWith(prefix))
  return name === undefined ? `can not be used: ${(error as Error).message}` : REASONS[name] as string
}
