import SQLite from 'better-sqlite3'
import { identityOfFile, pathOf } from '../database/sqlite/file.js'
import { codeOf } from '../database/database-interface.js'
import { AuthtokenError, DatabaseUnusable } from '../errors.js'
import { type DjangoSource, MAX_ID, refuseForeignTables, type SourceSize, type SourceUser } from './django-source.js'

// It blocks the event loop, which has nothing else to do meanwhile.
const PATIENCE_MS = 10_000

const REASONS: Record<string, string> = {
  SQLITE_NOTADB: 'is not an SQLite database',
  SQLITE_CORRUPT: 'is a corrupt SQLite database',
  SQLITE_CANTOPEN: 'can not be opened; it must exist and be a file that this user may read, in WAL mode in a folder that this user may write',
  SQLITE_READONLY: 'was left in the middle of a write; open it once with Django or sqlite3, which tidies it up',
  SQLITE_BUSY: 'is locked by another program'
}

/**
 * Opens an SQLite file that Django made, to read it: it is not made where there is none, and no write lock is taken.
 * Each batch is read by itself, so that Django's writes need not wait for long.
 * @param url `file:` and a path
 * @throws DatabaseUnusable
 */
export async function openSqliteSource (url: string): Promise<DjangoSource> {
  const client = explain(url, () => new SQLite(pathOf(url), { readonly: true, fileMustExist: true, timeout: PATIENCE_MS }))
  try {
    return await createSource(client, url)
  } catch (error) {
    client.close()
    throw error
  }
}

async function createSource (client: SQLite.Database, name: string): Promise<DjangoSource> {
  await refuseForeignTables(name, async (table) => explain(name, () => {
    const columns = client.prepare('select name, type from pragma_table_info(?)').all(table) as Array<{ name: string, type: string }>
    return new Map(columns.map(({ name, type }) => [name, type]))
  }))
  const size = client.prepare('select (select count(*) from auth_user) as users, (select count(*) from authtoken_token) as tokens, (select coalesce(max(id), 0) from auth_user where id between 0 and ?) as lastId')
  const page = (condition: string) => client.prepare(`
    select cast(u.id as text) as id, username, password, first_name, last_name, email, is_active, is_staff, is_superuser, date_joined, last_login, t.key, t.created
    from auth_user u left join authtoken_token t on t.user_id = u.id where ${condition} order by u.id limit ?`)
  const first = page('true')
  const next = page('u.id > cast(? as integer)')
  const ownerless = 'from authtoken_token t where not exists (select 1 from auth_user u where u.id = t.user_id)'
  const countOwnerless = client.prepare(`select count(*) ${ownerless}`).pluck()
  const namedOwners = client.prepare(`select cast(user_id as text) ${ownerless} order by user_id limit ?`).pluck()

  return {
    name,
    identity: identityOfFile(client.name),
    size: async () => explain(name, () => size.get(MAX_ID) as SourceSize),
    users: async (after, limit) => explain(name, () => (after === null ? first.all(limit) : next.all(after, limit)) as SourceUser[]),
    ownerless: async (limit) => explain(name, () => ({ count: countOwnerless.get() as number, users: namedOwners.all(limit) as string[] })),
    close: async () => { client.close() }
  }
}

function explain<T> (name: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (error instanceof AuthtokenError) throw error
    const known = Object.keys(REASONS).find((code) => codeOf(error).startsWith(code))
    throw new DatabaseUnusable(`${name} ${known === undefined ? `can not be read: ${(error as Error).message}` : REASONS[known]}`, { cause: error })
  }
}
