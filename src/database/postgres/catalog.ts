import { getTableName, type Table } from 'drizzle-orm'
import type pg from 'pg'
import type { TableDescription } from '../table-description.js'
import { qualifiedName } from './quoting.js'

export type Querying = Pick<pg.Client, 'query'>

/** Whether there is such a table, by its name as SQL has it. */
export async function hasTable (client: Querying, name: string): Promise<boolean> {
  const { rows: [row] } = await client.query('select to_regclass($1) is not null as present', [name])
  return row.present
}

/** Whether this user has a right on a table; null where there is no table. */
export async function hasRight (client: Querying, name: string, right: string): Promise<boolean | null> {
  const { rows: [row] } = await client.query('select has_table_privilege(to_regclass($1), $2) as has', [name, right])
  return row.has
}

/** Whether each of the tables has triggers of these names, none of them switched off: a copy or a restore may have lost them. */
export async function hasTriggers (client: Querying, tables: Table[], names: readonly string[]): Promise<boolean> {
  const { rows: [row] } = await client.query(`
    select count(*)::int as count from pg_trigger where tgname = any ($2) and tgenabled <> 'D'
    and tgrelid in (select to_regclass(name) from unnest($1::text[]) as name)`, [tables.map(qualifiedName), names])
  return row.count === tables.length * names.length
}

/** Tells a table from any other of that name: the same for all who have opened its database. */
export async function identityOf (client: Querying, table: Table): Promise<string> {
  const { rows: [row] } = await client.query(`
    select concat_ws(':', extract(epoch from pg_postmaster_start_time()),
      (select oid from pg_database where datname = current_database()), to_regclass($1)::oid) as identity`, [qualifiedName(table)])
  return row.identity
}

/** Rows that are added to a table without an id from now on get a larger one than `last`. */
export async function reserveIds (client: Querying, table: Table, last: number): Promise<void> {
  await client.query(`
    select setval(own, $2) from (select pg_get_serial_sequence($1, 'id')::regclass as own) as sequence
    where $2 > coalesce(pg_sequence_last_value(own), 0)`, [qualifiedName(table), last])
}

/** What a table looks like; null where there is none. */
export async function describeTable (client: Querying, table: Table): Promise<TableDescription | null> {
  const ask = async (query: string) => (await client.query(query, [qualifiedName(table)])).rows
  const columns = await ask(`
    select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as "notNull", atthasdef or attidentity <> '' as optional
    from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`)
  if (columns.length === 0) return null
  const [where] = await ask(`
    select nspname as schema from pg_class join pg_namespace on pg_namespace.oid = relnamespace where pg_class.oid = to_regclass($1)`)
  const indexes = await ask(`
    select indisprimary as "isPrimary", array(
      select attname::text from unnest(indkey) with ordinality as key (number, place)
      join pg_attribute on attrelid = indrelid and attnum = number where place <= indnkeyatts order by place
    ) as columns
    from pg_index where indrelid = to_regclass($1) and indisunique and indisvalid and indpred is null and indexprs is null`)
  const keys = await ask(`
    select own.attname as own, nspname as schema, relname as table, other.attname as column
    from pg_constraint join pg_class on pg_class.oid = confrelid join pg_namespace on pg_namespace.oid = relnamespace
    join pg_attribute own on own.attrelid = conrelid and own.attnum = conkey[1]
    join pg_attribute other on other.attrelid = confrelid and other.attnum = confkey[1]
    where conrelid = to_regclass($1) and contype = 'f' and array_length(conkey, 1) = 1`)
  return {
    name: getTableName(table),
    schema: where.schema,
    columns: new Map(columns.map(({ name, ...column }) => [name, column])),
    primaryKey: indexes.find(({ isPrimary }) => isPrimary)?.columns ?? [],
    unique: new Set(indexes.filter(({ columns }) => columns.length === 1).map(({ columns: [column] }) => column)),
    references: new Map(keys.map(({ own, ...key }) => [own, key]))
  }
}
