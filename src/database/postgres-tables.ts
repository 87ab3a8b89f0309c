import { getTableName } from 'drizzle-orm'
import { getTableConfig } from 'drizzle-orm/pg-core'
import pg from 'pg'
import type { Inspection } from './database.js'
import { MIGRATIONS_TABLE, pendingMigrations, readMigrations } from './migrations.js'
import { connectionOf } from './postgres-connection.js'
import * as schema from './schema.postgres.js'

const MIGRATION_LOCK = 0x6175_7468
const TRIGGERS = 9
const LOCK_PATIENCE_MS = 60_000

type Querying = Pick<pg.Client, 'query'>

const USERS = getTableName(schema.users)
const DRF_TOKENS = getTableName(schema.authtokenToken)
const ACCESS_TOKENS = getTableName(schema.authtokenAccesstoken)

/** Rewrites the table of the DRF tokens, so that none that was deleted is left in its file. */
export async function rewriteDrfTokens (client: Querying): Promise<void> {
  await client.query(`vacuum (full) ${DRF_TOKENS}`)
}

/** Whether there are the tables of access tokens. */
export const hasAccessTokens = (client: Querying): Promise<boolean> => hasTable(client, ACCESS_TOKENS)

/** Whether there is such a table on the search path. */
export async function hasTable (client: Querying, name: string): Promise<boolean> {
  const { rows: [row] } = await client.query('select to_regclass($1) is not null as present', [name])
  return row.present
}

/** See `Database.reserveIds`. */
export async function reserveUserIds (client: Querying, last: number): Promise<void> {
  await client.query('select setval(own, $2) from (select pg_get_serial_sequence($1, $3)::regclass as own) as sequence where $2 > coalesce(pg_sequence_last_value(own), 0)', [USERS, last, 'id'])
}

/** See `Database.identity`. */
export async function identityOf (client: Querying): Promise<string> {
  const { rows: [row] } = await client.query("select concat_ws(':', extract(epoch from pg_postmaster_start_time()), (select oid from pg_database where datname = current_database()), to_regclass($1)::oid) as identity", [USERS])
  return row.identity
}

/** Whether the database tells of changes: a copy or a restore may have lost the triggers. */
export async function hasTriggers (client: Querying): Promise<boolean> {
  const { rows: [row] } = await client.query(
    "select count(*)::int as count from pg_trigger where tgname in ('authtoken_deleted', 'authtoken_changed', 'authtoken_truncated') and tgenabled <> 'D' and tgrelid in (to_regclass($1), to_regclass($2), to_regclass($3))",
    [USERS, DRF_TOKENS, ACCESS_TOKENS]
  )
  return row.count === TRIGGERS
}

/**
 * Applies the migrations that are missing, in one transaction. Of many starters one does it, the others wait.
 * @param pool whose address and user are taken; its time limits are not, since an index may take long
 */
export async function migratePostgres (pool: pg.Pool): Promise<void> {
  const client = new pg.Client({ ...connectionOf(pool), query_timeout: 0 })
  client.on('error', () => {})
  await client.connect()
  try {
    if (pendingMigrations('postgres', await newestMigration(client) ?? 0).length === 0) return
    // Whoever migrates may take longer than a statement may; the tables are not waited for so long.
    await client.query('begin; set local statement_timeout = 0; set local lock_timeout = 0')
    await client.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK}); set local lock_timeout = ${LOCK_PATIENCE_MS}`)
    await client.query(`create table if not exists ${MIGRATIONS_TABLE} (id serial primary key, hash text not null, created_at bigint)`)
    for (const migration of pendingMigrations('postgres', await newestMigration(client) ?? 0)) {
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

/** See `Database.inspect`. */
export async function inspectPostgres (client: Querying): Promise<Inspection> {
  const unusable: string[] = []
  const unready: string[] = []
  const advice: string[] = []
  const newest = await newestMigration(client)
  // Nodes of two versions run side by side while one takes the other's place.
  if (newest !== null && newest > (readMigrations('postgres').at(-1)?.folderMillis ?? 0)) advice.push('was migrated by a newer version of fastify-authtoken; install that version')
  for (const table of [schema.users, schema.authtokenToken]) {
    const { name, columns } = getTableConfig(table)
    const { rows } = await client.query("select attname, has_table_privilege(attrelid, 'select') as readable from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped", [name])
    const present = rows.map((row) => row.attname)
    if (present.length === 0) unusable.push(`has no table ${name}; run "authtoken migrate"`)
    else if (!rows[0].readable) unusable.push(`does not let this user read the table ${name}; grant it SELECT`)
    else for (const column of columns) if (!present.includes(column.name)) unusable.push(`has a table ${name} without a column ${column.name}; it is not a Django user or token table`)
  }
  if (unusable.length > 0) return { unusable, unready, advice }
  if (newest !== null && pendingMigrations('postgres', newest).length > 0) {
    unready.push('lacks the newest migrations; run "authtoken migrate"')
  } else if (!await hasTriggers(client)) {
    advice.push('has lost triggers of ours, so that each check of a token asks it; migrations/postgres/0001_notices.sql makes them')
  }
  for (const name of Object.values(schema).map(getTableName)) {
    const { rows: [row] } = await client.query("select to_regclass($1) is null or (has_table_privilege(to_regclass($1), 'insert') and has_table_privilege(to_regclass($1), 'update') and has_table_privilege(to_regclass($1), 'delete')) as writable", [name])
    if (!row.writable) unready.push(`does not let this user write the table ${name}; grant it INSERT, UPDATE and DELETE`)
  }
  return { unusable, unready, advice }
}
