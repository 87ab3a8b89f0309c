import SQLite from 'better-sqlite3'

/** Every row of every table, by table. */
export type Rows = Record<string, unknown[]>

/**
 * Reads a database as it stands, in the forms that are stored.
 * @param tables which; all by default
 */
export function readRows (path: string, tables?: string[]): Rows {
  return reading(path, (client) => {
    const names = tables ?? client.prepare("select name from sqlite_master where type = 'table' order by name").pluck().all() as string[]
    return Object.fromEntries(names.map((name) => [name, client.prepare(`select * from "${name}" order by rowid`).all()]))
  })
}

/** The statements that made the tables and indexes. */
export const readSchema = (path: string): unknown[] =>
  reading(path, (client) => client.prepare('select type, name, sql from sqlite_master order by type, name').all())

/** One column of a user, as it is stored. */
export const readColumn = (path: string, username: string, column: string): unknown =>
  reading(path, (client) => client.prepare(`select "${column}" from auth_user where username = ?`).pluck().get(username))

function reading<T> (path: string, read: (client: SQLite.Database) => T): T {
  const client = new SQLite(path, { readonly: true, timeout: 5000 })
  try {
    return read(client)
  } finally {
    client.close()
  }
}
