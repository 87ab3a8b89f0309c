import type SQLite from 'better-sqlite3'
import { hasTable } from './catalog.js'

/** Rows that are added to a table without an id from now on get a larger one than `last`. */
export function reserveIds (client: SQLite.Database, table: string, last: number): void {
  // Without AUTOINCREMENT, as the oldest Django made it, the next id is always the largest and one more.
  if (!hasTable(client, 'sqlite_sequence')) return
  client.transaction(() => {
    const { changes } = client.prepare('update sqlite_sequence set seq = max(seq, cast(? as integer)) where name = ?').run(last, table)
    if (changes === 0) client.prepare('insert into sqlite_sequence (seq, name) values (cast(? as integer), ?)').run(last, table)
  }).immediate()
}

/** Rewrites the file and empties its journal, so that nothing that was deleted is left. Fails as busy where somebody reads the journal. */
export function rewriteFile (client: SQLite.Database): void {
  client.exec('VACUUM')
  const [{ busy }] = client.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }]
  if (busy !== 0) throw Object.assign(new Error('The journal is in use'), { code: 'SQLITE_BUSY' })
}
