import { getTableName, type Table } from 'drizzle-orm'
import pg from 'pg'
import { type Inspection, type ManagedSchema, PERMISSIONS, type SchemaState } from '../inspection.js'
import { MIGRATIONS_TABLE, type Owners } from '../migrations.js'
import { describeTable, hasRight, hasTable, hasTriggers, type Querying } from './catalog.js'
import { connectionOf } from './connection.js'
import { qualifiedName } from './quoting.js'
import { authtokenAccesstoken, authtokenState, authtokenToken } from './schema.js'
import { TRIGGER_NAMES } from './triggers.js'

const MIGRATION_LOCK = 0x6175_7468
const LOCK_PATIENCE_MS = 60_000

export const managePostgres = (pool: pg.Pool, users: Owners): ManagedSchema => ({
  dialect: 'postgres',
  users,
  read: () => readState(pool, users),

  async apply (plan) {
    // Not a client of the pool: an index may take longer than its time limits.
    const client = new pg.Client({ ...connectionOf(pool), query_timeout: 0 })
    client.on('error', () => {})
    await client.connect()
    try {
      // Whoever migrates may take longer than a statement may; the tables are not waited for so long.
      await client.query('begin; set local statement_timeout = 0; set local lock_timeout = 0')
      await client.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK}); set local lock_timeout = ${LOCK_PATIENCE_MS}`)
      const migrations = plan(await readState(client, users))
      await client.query(`create table if not exists ${MIGRATIONS_TABLE} (id serial primary key, hash text not null, created_at bigint)`)
      for (const { sql, hash, folderMillis } of migrations) {
        for (const statement of sql) await client.query(statement)
        await client.query(`insert into ${MIGRATIONS_TABLE} (hash, created_at) values ($1, $2)`, [hash, folderMillis])
      }
      await client.query('commit')
    } finally {
      await client.end()
    }
  },

  // Nodes of two versions run side by side while one takes the other's place.
  newerVersion: 'advice',
  unreadable: () => without(pool, [users.table, authtokenToken], ['select'], 'read'),
  condition: async ({ usable, current }) => usable ? await conditionOf(pool, users, current) : {}
})

async function readState (client: Querying, users: Owners): Promise<SchemaState> {
  const find = async (table: Table) => ({ table, present: await describeTable(client, table) })
  return {
    users: await find(users.table),
    drfTokens: await find(authtokenToken),
    accessTokens: await find(authtokenAccesstoken),
    hasPermissions: await hasTable(client, PERMISSIONS),
    newest: await newestMigration(client)
  }
}

async function newestMigration (client: Querying): Promise<number | null> {
  if (!await hasTable(client, MIGRATIONS_TABLE)) return 0
  if (!await hasRight(client, MIGRATIONS_TABLE, 'select')) return null
  const { rows: [row] } = await client.query(`select max(created_at) as newest from ${MIGRATIONS_TABLE}`)
  return Number(row.newest ?? 0)
}

async function conditionOf (client: Querying, users: Owners, current: boolean): Promise<Partial<Inspection>> {
  const watched = [users.table, authtokenToken, authtokenAccesstoken]
  const advice: string[] = []
  if (current && !await hasTriggers(client, watched, TRIGGER_NAMES)) {
    advice.push('has lost triggers of ours, so that each check of a token asks it; migrations/postgres/0001_notices.sql and those ' +
      'after it make them (with the table of users.table in the place of auth_user)')
  }
  return { unready: await without(client, [...watched, authtokenState], ['insert', 'update', 'delete'], 'write'), advice }
}

/** What is to be said of tables that are there, and that this user may not read or write. */
async function without (client: Querying, tables: Table[], rights: string[], verb: 'read' | 'write'): Promise<string[]> {
  const grant = rights.join(', ').toUpperCase().replace(/, (\w+)$/, ' and $1')
  const problems: string[] = []
  for (const table of tables) {
    const name = qualifiedName(table)
    const has = await Promise.all(rights.map((right) => hasRight(client, name, right)))
    if (has.includes(false)) problems.push(`does not let this user ${verb} the table ${getTableName(table)}; grant it ${grant}`)
  }
  return problems
}
