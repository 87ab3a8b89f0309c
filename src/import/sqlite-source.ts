import SQLite from 'better-sqlite3'
import { identityOfFile, pathOf } from '../database/sqlite/file.js'
import { codeOf } from '../database/driver-errors.js'
import { DatabaseUnusable } from '../errors.js'
import { createDjangoSource, type DjangoSource } from './django-source.js'

// It blocks the event loop, which has nothing else to do meanwhile.
const LOCK_TIMEOUT_MS = 10_000

const REASONS: Record<string, string> = {
  SQLITE_NOTADB: 'is not an SQLite database',
  SQLITE_CORRUPT: 'is a corrupt SQLite database',
  SQLITE_CANTOPEN:
    'can not be opened; it must exist and be a file that this user may read, in WAL mode in a folder that this user may write',
  SQLITE_READONLY: 'was left in the middle of a write; open it once with Django or sqlite3, which tidies it up',
  SQLITE_BUSY: 'is locked by another program'
}

/** Opens an SQLite file to read it. Each batch is read by itself: Django's writes need not wait for long. @throws DatabaseUnusable */
export async function openSqliteSource (url: string): Promise<DjangoSource> {
  const client = explain(url, () => new SQLite(pathOf(url), { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS }))
  try {
    return await createDjangoSource({
      name: url,
      identity: identityOfFile(client.name),
      query: async (text, parameters) => explain(url, () => all(client, text, parameters)),
      columns: 'select name, type from pragma_table_info($1)',
      dateText: (column) => column,
      close: async () => { client.close() }
    })
  } catch (error) {
    client.close()
    throw error
  }
}

const all = <Row>(client: SQLite.Database, text: string, parameters: unknown[]) =>
  client.prepare(text).all(Object.fromEntries(parameters.map((value, i) => [i + 1, value]))) as Row[]

function explain<T> (name: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    const known = Object.keys(REASONS).find((code) => codeOf(error).startsWith(code))
    const reason = known === undefined ? `can not be read: ${(error as Error).message}` : REASONS[known]
    throw new DatabaseUnusable(`${name} ${reason}`, { cause: error })
  }
}
