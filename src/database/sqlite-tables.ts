import type SQLite from 'better-sqlite3'
import { getTableConfig } from 'drizzle-orm/sqlite-core'
import { codeOf, type Inspection } from './database.js'
import { MIGRATIONS_TABLE, pendingMigrations, readMigrations } from './migrations.js'
import * as schema from './schema.sqlite.js'

/** Applies what is missing, in one transaction that holds the write lock from its first statement. */
export function migrateSqlite (client: SQLite.Database): void {
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

const pending = (client: SQLite.Database) => pendingMigrations('sqlite', newestMigration(client))

function newestMigration (client: SQLite.Database): number {
  if (!hasTable(client, MIGRATIONS_TABLE)) return 0
  return Number(client.prepare(`select max(created_at) from ${MIGRATIONS_TABLE}`).pluck().get() ?? 0)
}

/** See `Database.inspect`. */
export function inspectSqlite (client: SQLite.Database): Inspection {
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
    if (codeOf(error).startsWith('SQLITE_BUSY')) advice.push('is locked by another program at the moment')
    else unready.push(reason(error))
  }
  const mode = client.pragma('journal_mode', { simple: true })
  if (mode === 'delete') advice.push('journal_mode is "delete"; with "wal" readers and writers do not wait for each other (sqlite3 <file> "pragma journal_mode=wal")')
  return { unusable, unready, advice }
}

/** Whether there is such a table. */
export function hasTable (client: SQLite.Database, name: string): boolean {
  return client.prepare("select 1 from sqlite_master where type = 'table' and name = ?").get(name) !== undefined
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

/** Why it can not be used, in one line. */
export function reason (error: unknown): string {
  const name = Object.keys(REASONS).find((prefix) => codeOf(error).startsWith(prefix))
  return name === undefined ? `can not be used: ${(error as Error).message}` : REASONS[name] as string
}
