import { setImmediate as nextTurn } from 'node:timers/promises'
import SQLite from 'better-sqlite3'
import type { DrizzleConfig } from 'drizzle-orm'
import { drizzle as drizzleSqlite } from 'drizzle-orm/better-sqlite3'
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import type { Test } from 'tap'
import type { HostDatabase } from '../../src/database/database-interface.js'

/**
 * Runs a statement on a database of either kind, on a connection of its own.
 * @param url `file:…` or `postgres://…`
 * @returns its rows; booleans as 0 and 1, since SQLite has no others
 */
export async function sql (url: string, statement: string): Promise<Array<Record<string, unknown>>> {
  if (url.startsWith('file:')) {
    const rows = onFile(url.slice('file:'.length), statement)
    // A look-up in the same turn of the event loop may be from before it.
    await nextTurn()
    return rows
  }
  const client = new pg.Client({
    connectionString: url,
    types: {
      getTypeParser: (oid, format) => oid === pg.types.builtins.BOOL
        ? (text: string) => text === 't' ? 1 : 0
        : oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text')
    }
  })
  await client.connect()
  try {
    const { rows } = await client.query(statement)
    return rows
  } finally {
    await client.end()
  }
}

function onFile (path: string, statement: string): Array<Record<string, unknown>> {
  const client = new SQLite(path)
  try {
    const prepared = client.prepare(statement)
    if (prepared.reader) return prepared.all() as Array<Record<string, unknown>>
    prepared.run()
    return []
  } finally {
    client.close()
  }
}

/** A database as a host application has it: a Drizzle instance on a connection of the host's, closed behind the test. */
export function hostDatabase (t: Test, url: string, config: DrizzleConfig<Record<string, unknown>> = {}): HostDatabase {
  if (url.startsWith('file:')) {
    const client = new SQLite(url.slice('file:'.length))
    t.teardown(() => client.close())
    return drizzleSqlite(client, config)
  }
  const pool = new pg.Pool({ connectionString: url })
  t.teardown(() => pool.end())
  return drizzlePostgres(pool, config)
}
