import type { Table } from 'drizzle-orm'
import type { Querying } from './catalog.js'
import { qualifiedName } from './quoting.js'

/** Rows that are added to a table without an id from now on get a larger one than `last`. */
export async function reserveIds (client: Querying, table: Table, last: number): Promise<void> {
  await client.query(`
    select setval(own, $2) from (select pg_get_serial_sequence($1, 'id')::regclass as own) as sequence
    where $2 > coalesce(pg_sequence_last_value(own), 0)`, [qualifiedName(table), last])
}

/** Rewrites a table, so that nothing that was deleted is left in its file. */
export async function rewriteTable (client: Querying, table: Table): Promise<void> {
  await client.query(`vacuum (full) ${qualifiedName(table)}`)
}
