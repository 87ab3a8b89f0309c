import type SQLite from 'better-sqlite3'
import { getTableName, type Table } from 'drizzle-orm'
import type { MigrationMeta } from 'drizzle-orm/migrator'
import { type Inspection, type ManagedSchema, PERMISSIONS, type SchemaState } from '../inspection.js'
import { MIGRATIONS_TABLE, type Owners } from '../migrations.js'
import { describeTable, hasTable } from './catalog.js'
import { isBusy, reason, type SqliteConnection } from './connection.js'
import { modeForOthers } from './file.js'
import { authtokenAccesstoken, authtokenToken } from './schema.js'

export const manageSqlite = ({ client, sharedRead, waiting }: SqliteConnection, users: Owners): ManagedSchema => ({
  dialect: 'sqlite',
  users,
  read: () => waiting(() => readState(client, users)),

  apply (plan) {
    sharedRead.end()
    // The write lock is held from the first statement.
    client.transaction(() => applyAll(client, plan(readState(client, users)))).immediate()
  },

  newerVersion: 'unusable',
  unreadable: () => [],
  condition: () => waiting(() => conditionOf(client))
})

function readState (client: SQLite.Database, users: Owners): SchemaState {
  const find = (table: Table) => ({ table, present: describeTable(client, getTableName(table)) })
  const isNew = !hasTable(client, MIGRATIONS_TABLE)
  return {
    users: find(users.table),
    drfTokens: find(authtokenToken),
    accessTokens: find(authtokenAccesstoken),
    hasPermissions: hasTable(client, PERMISSIONS),
    newest: isNew ? 0 : Number(client.prepare(`select max(created_at) from ${MIGRATIONS_TABLE}`).pluck().get() ?? 0)
  }
}

function applyAll (client: SQLite.Database, migrations: MigrationMeta[]): void {
  client.exec(`CREATE TABLE IF NOT EXISTS ${MIGRATIONS_TABLE} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`)
  const record = client.prepare(`insert into ${MIGRATIONS_TABLE} (hash, created_at) values (?, ?)`)
  for (const { sql, hash, folderMillis } of migrations) {
    for (const statement of sql) client.exec(statement)
    record.run(hash, folderMillis)
  }
}

function conditionOf (client: SQLite.Database): Partial<Inspection> {
  const unready: string[] = []
  const advice: string[] = []
  try {
    // BEGIN IMMEDIATE alone succeeds on a read-only file.
    client.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${Number(client.pragma('user_version', { simple: true }))}; ROLLBACK`)
  } catch (error) {
    if (client.inTransaction) client.exec('ROLLBACK')
    if (isBusy(error)) advice.push('is locked by another program at the moment')
    else unready.push(reason(error))
  }
  if (client.pragma('journal_mode', { simple: true }) === 'delete') {
    advice.push('journal_mode is "delete"; with "wal" readers and writers do not wait for each other ' +
      '(sqlite3 <file> "pragma journal_mode=wal")')
  }
  const mode = client.memory ? null : modeForOthers(client.name)
  if (mode !== null) advice.push(`is open to every user of this machine (mode ${mode}); let its owner alone have it (chmod 600 <file>)`)
  return { unready, advice }
}
