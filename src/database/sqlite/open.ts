import { existsSync } from 'node:fs'
import SQLite from 'better-sqlite3'
import { getTableName } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { sqliteTable } from 'drizzle-orm/sqlite-core'
import { DatabaseUnusable, InvalidSettings } from '../../errors.js'
import type { Database, DjangoDatabase, HostDatabase, HostModel, TokenTables } from '../database-interface.js'
import { databaseOptions, type UserTableOptions } from '../../options/database-options.js'
import type { DatabaseOptions } from '../opening-options.js'
import { authUsers, customUsers } from '../django-users.js'
import { inspectSchema, migrateSchema } from '../inspection.js'
import type { DjangoUsers } from '../user-model.js'
import { describeTable, hasTable, reserveIds } from './catalog.js'
import { tableOfTypes } from './columns.js'
import { createSqliteConnection, isBusy, PATIENCE_MS, reason, type SqliteConnection, type SqliteDrizzle } from './connection.js'
import { createSqliteDatabase } from './database.js'
import { createSqliteFile, identityOfFile, pathOf } from './file.js'
import { manageSqlite } from './inspect.js'
import * as schema from './schema.js'
import { defineTokenTables } from './token-tables.js'

// With millions of tokens the pages of a few thousand that are in use are some 50 MB. A small file needs no more than itself.
const PAGE_CACHE_KB = 65_536
const MIGRATION_PATIENCE_MS = 30_000
const REWRITE_PATIENCE_MS = 60_000

/** Opens the file that a URL names, `file:` and a path, and makes it where there is none. */
export async function openSqlite (url: string, options: DatabaseOptions): Promise<DjangoDatabase> {
  const { busyTimeoutMs = databaseOptions.properties.busyTimeoutMs.default, create = true, users } = options
  const path = pathOf(url)
  if (users !== undefined && path !== ':memory:' && !existsSync(path)) {
    throw new DatabaseUnusable(`${url} does not exist; with users.table it must be the file of a Django`)
  }
  const connection = await orUnusable(path, () => {
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

export const adoptSqlite = (db: HostDatabase, { users }: DatabaseOptions): DjangoDatabase =>
  createDjangoDatabase(createSqliteConnection(db as SqliteDrizzle, true), NAME, users)

/** Takes the host's Drizzle instance, with the host's users. @throws InvalidSettings where tokens would stay when their user goes */
export function hostSqlite (db: HostDatabase, { users, tables }: HostModel): Database {
  const connection = createSqliteConnection(db as SqliteDrizzle, true)
  if (connection.client.pragma('foreign_keys', { simple: true }) === 0) {
    throw new InvalidSettings('authtoken: database must have foreign keys enforced, so that tokens go with their user: ' +
      'set "pragma foreign_keys = ON" on its connection')
  }
  return createSqliteDatabase(connection, NAME, users, tables).database
}

const NAME = 'the database'

function createDjangoDatabase (connection: SqliteConnection, name: string, userTable: UserTableOptions | undefined): DjangoDatabase {
  const { client, waiting, patiently } = connection
  const users = userTable === undefined ? authUsers(schema.users as never) : usersIn(userTable)
  const tables = userTable === undefined ? schema : defineTokenTables(users.id as never, sqliteTable)
  const { database, watch, lookAgain } = createSqliteDatabase(connection, name, users, tables as unknown as TokenTables)
  const managed = manageSqlite(connection, users)

  function usersIn (options: UserTableOptions): DjangoUsers {
    const found = waiting(() => describeTable(client, options.table ?? getTableName(schema.users)))
    return customUsers(name, options, found, tableOfTypes)
  }

  return Object.assign(database, {
    django: waiting(() => hasTable(client, 'django_migrations')),

    async migrate () {
      await patiently(MIGRATION_PATIENCE_MS, () => orUnusable(name, () => migrateSchema(managed, name)))
      lookAgain()
    },

    inspect: () => inspectSchema(managed),
    identity: async () => identityOfFile(client.name),
    overwriteDeleted () { client.pragma('secure_delete = ON') },
    reserveIds: (last: number) =>
      patiently(PATIENCE_MS, () => watch.ignoreOwnWrites(() => reserveIds(client, getTableName(users.table), last))),

    scrub: () => patiently(REWRITE_PATIENCE_MS, () => {
      client.exec('VACUUM')
      const [{ busy }] = client.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }]
      // Somebody reads what the journal holds still.
      if (busy !== 0) throw Object.assign(new Error('The journal is in use'), { code: 'SQLITE_BUSY' })
    })
  })
}

async function orUnusable<T> (path: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (isBusy(error) || error instanceof DatabaseUnusable) throw error
    throw new DatabaseUnusable(`${path} ${reason(error)}`, { cause: error })
  }
}
