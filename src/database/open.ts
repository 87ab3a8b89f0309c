import { InvalidSettings } from '../errors.js'
import type { Database, DatabaseOptions, HostDatabase } from './database.js'

/** What a database's URL must be. */
export const DATABASE_URL_PATTERN = '^(file:.+|postgres(ql)?://.+)'

/** What is wrong with one that is not. */
export const DATABASE_URL_PROBLEM = 'DATABASE_URL must be file:<path>, as file:./authtoken.db, or postgres://<user>:<password>@<host>:<port>/<database>'

/** Whether a source is a file, which is migrated unasked: a server's tables are changed only on demand. */
export const isEmbedded = (source: string | HostDatabase): boolean => typeof source === 'string' && source.startsWith('file:')

/**
 * Opens a database; does not migrate it.
 * @param source `file:<path>` (made with mode 0600 where there is none), `postgres://…`, or the host's Drizzle instance
 * @throws InvalidSettings for a URL of another kind, DatabaseUnusable where the database is not what it should be
 */
export async function openDatabase (source: string | HostDatabase, options: DatabaseOptions = {}): Promise<Database> {
  if (typeof source === 'string' && !new RegExp(DATABASE_URL_PATTERN).test(source)) {
    throw new InvalidSettings(DATABASE_URL_PROBLEM)
  }
  const isPostgres = typeof source === 'string' ? !isEmbedded(source) : !('all' in source)
  if (isPostgres) {
    const { openPostgres, adoptPostgres } = await import('./postgres.js')
    return typeof source === 'string' ? await openPostgres(source, options) : await adoptPostgres(source, options)
  }
  const { openSqlite, adoptSqlite } = await import('./sqlite.js')
  return typeof source === 'string' ? openSqlite(source, options) : adoptSqlite(source)
}
