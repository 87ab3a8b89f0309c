import { withDriver } from '../database/driver.js'
import { type DjangoSource, unreadableUrl } from './django-source.js'

/**
 * Opens a database that Django made, to read it.
 * @param url `file:<path>` or `postgres://…`
 * @throws InvalidSettings for another URL, DatabaseUnusable where it can not be read or is not Django's
 */
export async function openSource (url: string): Promise<DjangoSource> {
  if (/^file:./.test(url)) return (await withDriver('better-sqlite3', () => import('./sqlite-source.js'))).openSqliteSource(url)
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return await (await withDriver('pg', () => import('./postgres-source.js'))).openPostgresSource(url)
  throw unreadableUrl()
}
