import { withDriver } from '../database/driver.js'
import { type DjangoSource, unreadableUrl } from './django-source.js'

/**
 * Opens a database that Django made, to read it.
 * @param url `file:<path>` or `postgres://…`
 * @throws InvalidSettings for another URL, DatabaseUnusable where it can not be read or is not Django's
 */
export async function openDjangoSource (url: string): Promise<DjangoSource> {
  if (/^file:./.test(url)) {
    const { openSqliteSource } = await withDriver('better-sqlite3', () => import('./sqlite-source.js'))
    return await openSqliteSource(url)
  }
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) throw unreadableUrl()
  const { openPostgresSource } = await withDriver('pg', () => import('./postgres-source.js'))
  return await openPostgresSource(url)
}
