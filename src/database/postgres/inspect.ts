import { getTableName, type Table } from 'drizzle-orm'
import { bigint, boolean, getTableConfig, integer, type PgTable, pgTable, smallint, text, uuid } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { datetime } from './columns.js'
import type { Inspection } from '../database-interface.js'
import { DatabaseUnusable } from '../../errors.js'
import type { TableDescription } from '../table-description.js'
import type { TableBuilder } from '../django-users.js'
import { MIGRATIONS_TABLE, pendingMigrations, readMigrations } from '../migrations.js'
import { connectionOf } from './connection.js'
import * as schema from './schema.js'
import { type FoundTables, otherUsers, PERMISSIONS, tableProblems } from '../django-problems.js'
import type { DjangoUsers } from '../user-model.js'

const MIGRATION_LOCK = 0x6175_7468
const TRIGGERS = 9
const LOCK_PATIENCE_MS = 60_000

type Querying = Pick<pg.Client, 'query'>

const DRF_TOKENS = getTableName(schema.authtokenToken)

/** What PostgreSQL finds a table by: quoted, with its schema where it has one. */
export function qualifiedName (table: Table): string {
  const { name, schema } = getTableConfig(table as PgTable)
  return [schema, name].filter((part) => part !== undefined).map((part) => pg.escapeIdentifier(part)).join('.')
}

/** Rewrites the table of the DRF tokens, so that none that was deleted is left in its file. */
export async function rewriteDrfTokens (client: Querying): Promise<void> {
  await client.query(`vacuum (full) ${DRF_TOKENS}`)
}

/** Whether there is such a table, by its name as SQL has it. */
export async function hasTable (client: Querying, name: string): Promise<boolean> {
  const { rows: [row] } = await client.query('select to_regclass($1) is not null as present', [name])
  return row.present
}

/** See `Database.reserveIds`. */
export async function reserveUserIds (client: Querying, users: Table, last: number): Promise<void> {
  await client.query('select setval(own, $2) from (select pg_get_serial_sequence($1, $3)::regclass as own) as sequence where $2 > coalesce(pg_sequence_last_value(own), 0)', [qualifiedName(users), last, 'id'])
}

/** See `Database.identity`. */
export async function identityOf (client: Querying, users: Table): Promise<string> {
  const { rows: [row] } = await client.query("select concat_ws(':', extract(epoch from pg_postmaster_start_time()), (select oid from pg_database where datname = current_database()), to_regclass($1)::oid) as identity", [qualifiedName(users)])
  return row.identity
}

/** Whether the database tells of changes: a copy or a restore may have lost the triggers. */
export async function hasTriggers (client: Querying, tables: Table[]): Promise<boolean> {
  const { rows: [row] } = await client.query(
    "select count(*)::int as count from pg_trigger where tgname in ('authtoken_deleted', 'authtoken_changed', 'authtoken_truncated') and tgenabled <> 'D' and tgrelid in (select to_regclass(name) from unnest($1::text[]) as name)",
    [tables.map(qualifiedName)]
  )
  return row.count === TRIGGERS
}

/**
 * Applies the migrations that are missing, in one transaction. Of many starters one does it, the others wait.
 * @param pool whose address and user are taken; its time limits are not, since an index may take long
 * @throws DatabaseUnusable, and nothing is changed, where its users are others
 */
export async function migratePostgres (pool: pg.Pool, name: string, users: DjangoUsers): Promise<void> {
  const client = new pg.Client({ ...connectionOf(pool), query_timeout: 0 })
  client.on('error', () => {})
  await client.connect()
  try {
    if (pendingMigrations('postgres', await newestMigration(client) ?? 0, users).length === 0) return
    // Whoever migrates may take longer than a statement may; the tables are not waited for so long.
    await client.query('begin; set local statement_timeout = 0; set local lock_timeout = 0')
    await client.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK}); set local lock_timeout = ${LOCK_PATIENCE_MS}`)
    const other = otherUsers(await findTables(client, users))
    if (other !== null) throw new DatabaseUnusable(`${name} ${other}`)
    await client.query(`create table if not exists ${MIGRATIONS_TABLE} (id serial primary key, hash text not null, created_at bigint)`)
    for (const migration of pendingMigrations('postgres', await newestMigration(client) ?? 0, users)) {
      for (const statement of migration.sql) await client.query(statement)
      await client.query(`insert into ${MIGRATIONS_TABLE} (hash, created_at) values ($1, $2)`, [migration.hash, migration.folderMillis])
    }
    await client.query('commit')
  } finally {
    await client.end()
  }
}

/** The date of the last migration; 0: there was none, null: this user may not know. */
async function newestMigration (client: Querying): Promise<number | null> {
  const { rows: [table] } = await client.query("select has_table_privilege(to_regclass($1), 'select') as readable", [MIGRATIONS_TABLE])
  if (table.readable !== true) return table.readable === null ? 0 : null
  const { rows: [row] } = await client.query(`select max(created_at) as newest from ${MIGRATIONS_TABLE}`)
  return Number(row.newest ?? 0)
}

async function findTables (client: Querying, users: DjangoUsers): Promise<FoundTables> {
  const find = async (table: Table) => ({ table, present: await describePostgres(client, table) })
  return { users: await find(users.table), drf: await find(schema.authtokenToken), access: await find(schema.authtokenAccesstoken), hasPermissions: await hasTable(client, PERMISSIONS) }
}

/** See `Database.inspect`. */
export async function inspectPostgres (client: Querying, users: DjangoUsers): Promise<Inspection> {
  const unusable: string[] = []
  const unready: string[] = []
  const advice: string[] = []
  const newest = await newestMigration(client)
  // Nodes of two versions run side by side while one takes the other's place.
  if (newest !== null && newest > (readMigrations('postgres').at(-1)?.folderMillis ?? 0)) advice.push('was migrated by a newer version of fastify-authtoken; install that version')
  for (const table of [users.table, schema.authtokenToken]) {
    const { rows: [row] } = await client.query("select has_table_privilege(to_regclass($1), 'select') as readable", [qualifiedName(table)])
    if (row.readable === false) unusable.push(`does not let this user read the table ${getTableName(table)}; grant it SELECT`)
  }
  unusable.push(...tableProblems(await findTables(client, users)))
  if (unusable.length > 0) return { unusable, unready, advice }
  if (newest !== null && pendingMigrations('postgres', newest, users).length > 0) {
    unready.push('lacks the newest migrations; run "authtoken migrate"')
  } else if (!await hasTriggers(client, [users.table, schema.authtokenToken, schema.authtokenAccesstoken])) {
    advice.push('has lost triggers of ours, so that each check of a token asks it; migrations/postgres/0001_notices.sql and those after it make them (with the table of users.table in the place of auth_user)')
  }
  for (const table of [users.table, schema.authtokenToken, schema.authtokenAccesstoken, schema.authtokenState]) {
    const { rows: [row] } = await client.query("select to_regclass($1) is null or (has_table_privilege(to_regclass($1), 'insert') and has_table_privilege(to_regclass($1), 'update') and has_table_privilege(to_regclass($1), 'delete')) as writable", [qualifiedName(table)])
    if (!row.writable) unready.push(`does not let this user write the table ${getTableName(table)}; grant it INSERT, UPDATE and DELETE`)
  }
  return { unusable, unready, advice }
}

/** What a table looks like; null where there is none. */
export async function describePostgres (client: Querying, table: Table): Promise<TableDescription | null> {
  const name = qualifiedName(table)
  const { rows: columns } = await client.query(`
    select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as "notNull", atthasdef or attidentity <> '' as optional
    from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`, [name])
  if (columns.length === 0) return null
  const { rows: [where] } = await client.query('select nspname as schema from pg_class join pg_namespace on pg_namespace.oid = relnamespace where pg_class.oid = to_regclass($1)', [name])
  const { rows: indexes } = await client.query(`
    select indisprimary as "isPrimary", array(select attname::text from unnest(indkey) with ordinality as key (number, place) join pg_attribute on attrelid = indrelid and attnum = number where place <= indnkeyatts order by place) as columns
    from pg_index where indrelid = to_regclass($1) and indisunique and indisvalid and indpred is null and indexprs is null`, [name])
  const { rows: keys } = await client.query(`
    select own.attname as own, nspname as schema, relname as table, other.attname as column
    from pg_constraint join pg_class on pg_class.oid = confrelid join pg_namespace on pg_namespace.oid = relnamespace
    join pg_attribute own on own.attrelid = conrelid and own.attnum = conkey[1]
    join pg_attribute other on other.attrelid = confrelid and other.attnum = confkey[1]
    where conrelid = to_regclass($1) and contype = 'f' and array_length(conkey, 1) = 1`, [name])
  return {
    name: getTableName(table),
    schema: where.schema,
    columns: new Map(columns.map(({ name, ...column }) => [name, column])),
    primaryKey: indexes.find(({ isPrimary }) => isPrimary)?.columns ?? [],
    unique: new Set(indexes.filter(({ columns }) => columns.length === 1).map(({ columns: [column] }) => column)),
    references: new Map(keys.map(({ own, ...key }) => [own, key]))
  }
}

/** Tables of a custom user model, by the types that Django declares. */
export const buildPostgresTable: TableBuilder = (name, columns) => pgTable(name, Object.fromEntries(Object.entries(columns).map(([own, { name, type }]) => [own, columnFor(name, type)]))) as unknown as ReturnType<TableBuilder>

function columnFor (name: string, type: string) {
  if (type === 'uuid') return uuid(name)
  if (type === 'boolean') return boolean(name)
  if (type === 'bigint') return bigint(name, { mode: 'number' })
  if (type === 'smallint') return smallint(name)
  if (type === 'integer') return integer(name)
  return type.startsWith('timestamp') ? datetime(name) : text(name)
}
