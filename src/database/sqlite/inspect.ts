import type SQLite from 'better-sqlite3'
import { getTableName, type Table } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { bool, datetime, DJANGO_UUID, uuid } from './columns.js'
import { codeOf, type Inspection } from '../database-interface.js'
import { DatabaseUnusable } from '../../errors.js'
import type { TableDescription } from '../table-description.js'
import type { TableBuilder } from '../django-users.js'
import { MIGRATIONS_TABLE, pendingMigrations, readMigrations } from '../migrations.js'
import { authtokenAccesstoken, authtokenToken } from './schema.js'
import { type FoundTables, otherUsers, PERMISSIONS, tableProblems } from '../django-problems.js'
import type { DjangoUsers } from '../user-model.js'

/**
 * Applies what is missing, in one transaction that holds the write lock from its first statement.
 * @throws DatabaseUnusable, and nothing is changed, where its users are others
 */
export function migrateSqlite (client: SQLite.Database, name: string, users: DjangoUsers): void {
  if (pending(client, users).length === 0) return
  client.transaction(() => {
    const other = otherUsers(findTables(client, users))
    if (other !== null) throw new DatabaseUnusable(`${name} ${other}`)
    client.exec(`CREATE TABLE IF NOT EXISTS ${MIGRATIONS_TABLE} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`)
    const record = client.prepare(`insert into ${MIGRATIONS_TABLE} (hash, created_at) values (?, ?)`)
    for (const migration of pending(client, users)) {
      for (const statement of migration.sql) client.exec(statement)
      record.run(migration.hash, migration.folderMillis)
    }
  }).immediate()
}

const pending = (client: SQLite.Database, users: DjangoUsers) => pendingMigrations('sqlite', newestMigration(client), users)

function newestMigration (client: SQLite.Database): number {
  if (!hasTable(client, MIGRATIONS_TABLE)) return 0
  return Number(client.prepare(`select max(created_at) from ${MIGRATIONS_TABLE}`).pluck().get() ?? 0)
}

function findTables (client: SQLite.Database, users: DjangoUsers): FoundTables {
  const find = (table: Table) => ({ table, present: describeSqlite(client, getTableName(table)) })
  return { users: find(users.table), drf: find(authtokenToken), access: find(authtokenAccesstoken), hasPermissions: hasTable(client, PERMISSIONS) }
}

/** See `Database.inspect`. */
export function inspectSqlite (client: SQLite.Database, users: DjangoUsers): Inspection {
  const unusable: string[] = []
  const unready: string[] = []
  const advice: string[] = []
  const known = readMigrations('sqlite').at(-1)?.folderMillis ?? 0
  if (newestMigration(client) > known) unusable.push('was migrated by a newer version of fastify-authtoken; install that version')
  unusable.push(...tableProblems(findTables(client, users)))
  if (unusable.length === 0 && pending(client, users).length > 0) unready.push('lacks the newest migrations; run "authtoken migrate"')
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

/** See `Database.reserveIds`. */
export function reserveUserIds (client: SQLite.Database, table: string, last: number): void {
  // Without AUTOINCREMENT, as the oldest Django made it, the next id is always the largest and one more.
  if (!hasTable(client, 'sqlite_sequence')) return
  client.transaction(() => {
    const { changes } = client.prepare('update sqlite_sequence set seq = max(seq, cast(? as integer)) where name = ?').run(last, table)
    if (changes === 0) client.prepare('insert into sqlite_sequence (seq, name) values (cast(? as integer), ?)').run(last, table)
  }).immediate()
}

interface ColumnRow { name: string, type: string, notnull: number, dflt_value: unknown, pk: number }
interface IndexRow { name: string, unique: number, partial: number }
interface ReferenceRow { id: number, seq: number, table: string, from: string, to: string | null }

const SCHEMA = 'main'

/** What a table looks like; null where there is none. */
export function describeSqlite (client: SQLite.Database, name: string): TableDescription | null {
  const rows = client.prepare('select name, type, "notnull", dflt_value, pk from pragma_table_info(?)').all(name) as ColumnRow[]
  if (rows.length === 0) return null
  const primaryKey = rows.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk).map((row) => row.name)
  const unique = new Set(primaryKey.length === 1 ? primaryKey : [])
  for (const index of client.prepare('select name, "unique", partial from pragma_index_list(?)').all(name) as IndexRow[]) {
    const [column, ...more] = client.prepare('select name from pragma_index_info(?)').pluck().all(index.name) as Array<string | null>
    if (index.unique === 1 && index.partial === 0 && typeof column === 'string' && more.length === 0) unique.add(column)
  }
  const references: TableDescription['references'] = new Map()
  const keys = client.prepare('select id, seq, "table", "from", "to" from pragma_foreign_key_list(?)').all(name) as ReferenceRow[]
  for (const { id, seq, table, from, to } of keys) {
    if (seq > 0 || keys.some((other) => other.id === id && other.seq > 0)) continue
    references.set(from, { schema: SCHEMA, table, column: to ?? (client.prepare('select name from pragma_table_info(?) where pk = 1').pluck().get(table) as string) })
  }
  // An integer that is the primary key is the row's own number.
  const isRowId = ({ name, type }: ColumnRow) => /^integer$/i.test(type) && primaryKey.length === 1 && primaryKey[0] === name
  const columns = rows.map((row) => [row.name, { type: row.type, notNull: row.notnull === 1 || row.pk > 0, optional: row.dflt_value !== null || isRowId(row) }] as const)
  return { name, schema: SCHEMA, columns: new Map(columns), primaryKey, unique, references }
}

/** Tables of a custom user model, by the types that Django declares. */
export const buildSqliteTable: TableBuilder = (name, columns) => sqliteTable(name, Object.fromEntries(Object.entries(columns).map(([own, { name, type }]) => [own, columnFor(name, type)]))) as unknown as ReturnType<TableBuilder>

function columnFor (name: string, type: string) {
  if (type === DJANGO_UUID) return uuid(name)
  if (/^bool/i.test(type)) return bool(name)
  if (/^datetime/i.test(type)) return datetime(name)
  return /int/i.test(type) ? integer(name) : text(name)
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
