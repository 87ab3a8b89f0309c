import { DatabaseUnusable, InvalidSettings } from '../errors.js'
import { databaseUrl } from '../options/database-options.js'
import type { Database, DatabaseOptions, DjangoDatabase, HostDatabase, TokenTables } from './database-interface.js'
import { withDriver } from './driver.js'
import type { UserModel } from './user-model.js'

const sqlite = () => withDriver('better-sqlite3', () => import('./sqlite/open.js'))
const postgres = () => withDriver('pg', () => import('./postgres/open.js'))

/** Whether a source is a file, which is migrated unasked: a server's tables are changed only on demand. */
export const isEmbedded = (source: string | HostDatabase): boolean => typeof source === 'string' && source.startsWith('file:')

/** Whether a Drizzle instance speaks to SQLite. */
export const isSqlite = (db: HostDatabase): boolean => 'all' in db

/** The Drizzle instances that we can work with. */
export const DRIVERS = 'a Drizzle instance of drizzle-orm/better-sqlite3, or of drizzle-orm/node-postgres on a Pool'

/** The instance that writes, where others only read what follows it: answers never come from the past. */
const primaryOf = <Source extends string | HostDatabase>(source: Source): Source => (source as { $primary?: Source }).$primary ?? source

/** Whether it is one of them. By its looks: the host's driver may be another copy than ours. */
export function isOfKnownDriver (db: HostDatabase): boolean {
  const { $client } = db as { $client?: { pragma?: unknown, totalCount?: unknown } }
  return isSqlite(db) ? typeof $client?.pragma === 'function' : typeof $client?.totalCount === 'number'
}

/**
 * Opens a database of Django's form; does not migrate it.
 * @param given `file:<path>` (made with mode 0600 where there is none), `postgres://…`, or the host's Drizzle instance
 * @throws InvalidSettings for a URL of another kind, DatabaseUnusable where the database is not what it should be
 */
export async function openDatabase (given: string | HostDatabase, options: DatabaseOptions = {}): Promise<DjangoDatabase> {
  const source = primaryOf(given)
  if (typeof source === 'string' && !new RegExp(databaseUrl.pattern).test(source)) {
    throw new InvalidSettings(`database must be ${databaseUrl.right}`)
  }
  if (typeof source !== 'string' && !isOfKnownDriver(source)) throw new DatabaseUnusable(`database must be a URL, or ${DRIVERS}`)
  if (typeof source === 'string' ? isEmbedded(source) : isSqlite(source)) {
    const { openSqlite, adoptSqlite } = await sqlite()
    return typeof source === 'string' ? openSqlite(source, options) : adoptSqlite(source, options)
  }
  const { openPostgres, adoptPostgres } = await postgres()
  return typeof source === 'string' ? await openPostgres(source, options) : await adoptPostgres(source, options)
}

/**
 * Takes the host's database with the host's own users.
 * @param users which table and columns play the users' parts
 * @param tables the tables of tokens
 * @throws DatabaseUnusable where the database is not what it should be
 */
export async function openHostDatabase (given: HostDatabase, users: UserModel, tables: TokenTables, options: DatabaseOptions): Promise<Database> {
  const db = primaryOf(given)
  if (isSqlite(db)) return (await sqlite()).hostSqlite(db, users, tables)
  return await (await postgres()).hostPostgres(db, users, tables, options)
}
