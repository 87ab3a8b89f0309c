import { InvalidSettings } from '../errors.js'
import type { Database, DatabaseOptions, HostDatabase } from './database.js'

/**
 * Opens a database; does not migrate it.
 * @param source `file:<path>` (made with mode 0600 where there is none), or the host's Drizzle instance
 * @throws InvalidSettings for a URL of another kind, DatabaseUnusable where the file is not what it should be
 */
export async function openDatabase (source: string | HostDatabase, options: DatabaseOptions = {}): Promise<Database> {
  const { openSqlite, adoptSqlite } = await import('./sqlite.js')
  if (typeof source !== 'string') return adoptSqlite(source)
  if (source.startsWith('file:')) return openSqlite(source, options)
  throw new InvalidSettings('DATABASE_URL must be file:<path>, as file:./authtoken.db')
}
