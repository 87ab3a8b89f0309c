import { existsSync } from 'node:fs'
import SQLite from 'better-sqlite3'
import { getTableName } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { sqliteTable } from 'drizzle-orm/sqlite-core'
import { DatabaseUnusable, InvalidSettings } from '../../errors.js'
import { databaseOptions, type UserTableOptions } from '../../options/database-options.js'
import type { Database, DatabaseOptions, DjangoDatabase, HostDatabase, TokenTables } from '../database-interface.js'
import { authUsers, customUsers } from '../django-users.js'
import * as schema from './schema.js'
import { createSqliteConnection, isBusy, PATIENCE_MS, type SqliteConnection, type SqliteDrizzle } from './connection.js'
import { createSqliteDatabase } from './database.js'
import { createSqliteFile, identityOfFile, pathOf } from './file.js'
import { buildSqliteTable, describeSqlite, hasTable, inspectSqlite, migrateSqlite, reason, reserveUserIds } from './inspect.js'
import { defineTokenTables } from './token-tables.js'
import type { UserModel } from '../user-model.js'

// With millions of tokens the pages of a few thousand that are in use are some 50 MB. A small file needs no more than itself.
const PAGE_CACHE_KB = 65_536
const MIGRATION_PATIENCE_MS = 30_000
const SCRUB_PATIENCE_MS = 60_000

/**
 * Opens the file that a URL names, and makes it where there is none.
 * @param url `file:` and a path, relative to the working directory or absolute
 */
export function openSqlite (url: string, { busyTimeoutMs = databaseOptions.properties.busyTimeoutMs.default, create = true, users }: DatabaseOptions): DjangoDatabase {
  const path = pathOf(url)
  if (users !== undefined && path !== ':memory:' && !existsSync(path)) throw new DatabaseUnusable(`${url} does not exist; with users.table it must be the file of a Django`)
  const connection = usable(path, () => {
    if (create && path !== ':memory:') createSqliteFile(path)
    const client = new SQLite(path, { timeout: busyTimeoutMs, fileMustExist: !create })
    client.pragma('foreign_keys = ON')
    const connection = createSqliteConnection(drizzle(client) as unknown as SqliteDrizzle, false)
    connection.waiting(() => client.prepare('select count(*) from sqlite_master').get())
    // Reads the file where that is not done already, and another may have locked it.
    client.pragma(`cache_size = -${PAGE_CACHE_KB}`)
    return connection
  })
  try {
    return createDjangoDatabase(connection, url, users)
  } catch (error) {
    connection.client.close()
    throw error
  }
}

/**
 * Takes the host's Drizzle instance, on a database of Django's form: never migrated, never closed.
 * @param db a `drizzle-orm/better-sqlite3` database
 */
export const adoptSqlite = (db: HostDatabase, { users }: DatabaseOptions): DjangoDatabase =>
  createDjangoDatabase(createSqliteConnection(db as SqliteDrizzle, true), NAME, users)

/**
 * Takes the host's Drizzle instance, with the host's users: never migrated, never closed.
 * @param db a `drizzle-orm/better-sqlite3` database
 * @throws InvalidSettings where nothing keeps tokens from staying behind when their user goes
 */
export function hostSqlite (db: HostDatabase, users: UserModel, tables: TokenTables): Database {
  const connection = createSqliteConnection(db as SqliteDrizzle, true)
  if (connection.client.pragma('foreign_keys', { simple: true }) === 0) throw new InvalidSettings('authtoken: database must have foreign keys enforced, so that tokens go with their user: set "pragma foreign_keys = ON" on its connection')
  return createSqliteDatabase(connection, NAME, users, tables).database
}

const NAME = 'the database'

function createDjangoDatabase (connection: SqliteConnection, name: string, userTable: UserTableOptions | undefined): DjangoDatabase {
  const { client, waiting, patiently } = connection
  const users = userTable === undefined
    ? authUsers(schema.users as never)
    : customUsers(name, userTable, waiting(() => describeSqlite(client, userTable.table ?? getTableName(schema.users))), buildSqliteTable)
  const tables = userTable === undefined ? schema : defineTokenTables(users.id as never, sqliteTable)
  const { database, watch, lookAgain } = createSqliteDatabase(connection, name, users, tables as unknown as TokenTables)
  return Object.assign(database, {
    django: waiting(() => hasTable(client, 'django_migrations')),

    async migrate () {
      await patiently(MIGRATION_PATIENCE_MS, () => usable(name, () => migrateSqlite(client, name, users)))
      lookAgain()
      const { unusable, unready } = waiting(() => inspectSqlite(client, users))
      refuse(name, [...unusable, ...unready])
    },

    reserveIds: (last: number) => patiently(PATIENCE_MS, () => watch.ignoreOwnWrites(() => reserveUserIds(client, getTableName(users.table), last))),
    identity: async () => identityOfFile(client.name),

    overwriteDeleted () { client.pragma('secure_delete = ON') },

    scrub: () => patiently(SCRUB_PATIENCE_MS, () => {
      client.exec('VACUUM')
      const [{ busy }] = client.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }]
      // Somebody reads what the journal holds still.
      if (busy !== 0) throw Object.assign(new Error('The journal is in use'), { code: 'SQLITE_BUSY' })
    }),

    inspect: async () => waiting(() => inspectSqlite(client, users))
  })
}

function refuse (name: string, problems: string[]): void {
  if (problems.length > 0) throw new DatabaseUnusable(`${name} ${problems.join('; ')}`)
}

function usable<T> (path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (isBusy(error) || error instanceof DatabaseUnusable) throw error
    throw new DatabaseUnusable(`${path} ${reason(error)}`, { cause: error })
  }
}
