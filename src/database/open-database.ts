import { DatabaseUnusable, InvalidSettings } from '../errors.js'
import { databaseUrl } from '../options/database-options.js'
import type { Database, DjangoDatabase, HostDatabase, HostModel } from './database-interface.js'
import type { DatabaseOptions } from './opening-options.js'
import { withDriver } from './driver.js'

/** The Drizzle instances that we can work with. */
export const DRIVERS = 'a Drizzle instance of drizzle-orm/better-sqlite3, or of drizzle-orm/node-postgres on a Pool'

/** Opens a database of Django's form, by its URL or on the host's Drizzle instance. @throws InvalidSettings, DatabaseUnusable */
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

/** Takes the host's database with the host's own users. @throws InvalidSettings, DatabaseUnusable */
export async function openHostDatabase (given: HostDatabase, model: HostModel, options: DatabaseOptions): Promise<Database> {
  const db = primaryOf(given)
  if (isSqlite(db)) return (await sqlite()).hostSqlite(db, model)
  return await (await postgres()).hostPostgres(db, model, options)
}

/** Whether a source is a file, which is migrated unasked: a server's tables are changed only on demand. */
export const isEmbedded = (source: string | HostDatabase): boolean => typeof source === 'string' && source.startsWith('file:')

export const isSqlite = (db: HostDatabase): boolean => 'all' in db

/** Whether it is one of `DRIVERS`. By its looks: the host's driver may be another copy than ours. */
export function isOfKnownDriver (db: HostDatabase): boolean {
  const { $client } = db as { $client?: { pragma?: unknown, totalCount?: unknown } }
  return isSqlite(db) ? typeof $client?.pragma === 'function' : typeof $client?.totalCount === 'number'
}

const sqlite = () => withDriver('better-sqlite3', () => import('./sqlite/open.js'))
const postgres = () => withDriver('pg', () => import('./postgres/open.js'))

/** The instance that writes, where others only read what follows it: answers never come from the past. */
const primaryOf = <Source extends string | HostDatabase>(source: Source): Source =>
  (source as { $primary?: Source }).$primary ?? source
