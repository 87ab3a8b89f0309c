import { withDriver } from '../database/driver.js'
import { type DjangoSource, unreadableUrl } from './django-source.js'

/** Opens `file:<path>` or `postgres://…` to read it. @throws InvalidSettings for another URL, DatabaseUnusable */
export async function openDjangoSource (url: string): Promise<DjangoSource> {
  if (/^file:./.test(url)) {
    const { openSqliteSource } = await withDriver('better-sqlite3', () => import('./sqlite-source.js'))
    return await openSqliteSource(url)
  }
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) throw unreadableUrl()
  const { openPostgresSource } = await withDriver('pg', () => import('./postgres-source.js'))
  return await openPostgresSource(url)
}
