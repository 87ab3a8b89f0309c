import { type Column, sql, type SQL } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type pg from 'pg'
import { createChanges } from '../changes.js'
import type { Database, TokenTables } from '../database-interface.js'
import type { DatabaseOptions } from '../opening-options.js'
import { idKey } from '../user-id.js'
import type { UserModel } from '../user-model.js'
import { describeTable, hasTable, hasTriggers } from './catalog.js'
import { type ChangeListener, listen, NO_LISTENER } from './change-watch.js'
import { guarded } from './connection.js'
import type { DeadConnections } from './dead-connections.js'
import { qualifiedName } from './quoting.js'
import { runTransaction } from './transaction.js'
import { TRIGGER_NAMES } from './triggers.js'

/** A Drizzle instance, of ours or the host's: they differ in the schema that their types know, hence the casts to it. */
export type PostgresDrizzle = NodePgDatabase & { $client: pg.Pool, dialect: { casing: { getColumnCasing (column: Column): string } } }

export interface PostgresConnection {
  drizzle: PostgresDrizzle
  name: string
  /** Undefined: as the database has triggers or not; without them an answer is remembered for a second. */
  withoutListen: DatabaseOptions['withoutListen']
  deadConnections: DeadConnections
  end (): Promise<void>
}

// How long an answer is remembered where nobody tells of changes.
const UNTOLD_AGE_MS = 1_000
const NOTICE = 'The database does not tell of changes (authtokenTriggers makes the triggers that do): ' +
  'what others revoke is noticed within 1 second'

// Names are the connection's, which may be shared by several.
let prepared = 0

/** The database on a pool; also how to look again which tables there are. */
export async function createPostgresDatabase<Users extends UserModel> (connection: PostgresConnection, users: Users, tables: TokenTables) {
  const { drizzle, name, withoutListen, deadConnections, end } = connection
  const pool = drizzle.$client
  const isTelling = () => hasTriggers(pool, [users.table, tables.authtokenToken, tables.authtokenAccesstoken], TRIGGER_NAMES)
  const lookForAccessTokens = () => hasTable(pool, qualifiedName(tables.authtokenAccesstoken))
  let accessTokens = await lookForAccessTokens()
  const isUntold = withoutListen === 'ttl' || (withoutListen === undefined && !await isTelling())
  const changes = createChanges()
  let listener: ChangeListener | undefined

  const prepare: Database['prepare'] = (query) => {
    // Without a name it is no state of the session, which a pooler in transaction mode would not keep.
    const statement = query.prepare(withoutListen === 'ttl' ? '' : `authtoken_${++prepared}`)
    return async (values) => {
      const [row] = await guarded(() => statement.execute(values))
      return row
    }
  }

  const database: Database<Users> = {
    name,
    db: drizzle,
    tables,
    users,
    notice: withoutListen === undefined && isUntold ? NOTICE : null,
    get accessTokens () { return accessTokens },

    prepare,
    prepareLookUp: prepare,
    run: guarded,

    async transaction (statements, affected, guard) {
      try {
        const ours = guard && { user: guard.user, condition: () => guard.condition(drizzle) }
        return await guarded(() => runTransaction(pool, statements(drizzle), affected, ours))
      } finally {
        if (affected !== undefined) changes.emit(affected === 'all' ? affected : { user: idKey(affected.user) })
      }
    },

    cast: (value, column) => sql`${value === null ? null : sql.param(value, column)}::${sql.raw(column.getSQLType())}`,
    rowsAsTable,
    lockRows: (query) => [query.for('update')],

    watch (told) {
      changes.onChange(told)
      listener ??= isUntold
        ? { ...NO_LISTENER, poll: () => true, maxAgeMs: UNTOLD_AGE_MS }
        : listen(pool, async () => accessTokens && await isTelling(), deadConnections, changes.emit)
      return listener
    },

    describe: (table) => guarded(() => describeTable(pool, table)),
    nameOf: (column) => drizzle.dialect.casing.getColumnCasing(column),

    async close () {
      await listener?.close()
      await end()
    }
  }
  return { database, lookAgain: async () => { accessTokens = await lookForAccessTokens() } }
}

const TIMESTAMP = 'timestamp with time zone'

/** See `Database.rowsAsTable`. A date without a time zone would be taken as one of the session's. */
function rowsAsTable (columns: Record<string, PgColumn>, rows: unknown[][]): SQL {
  const all = Object.entries(columns).map(([name, column]) => ({ name: sql.identifier(name), type: column.getSQLType() }))
  const types = all.map(({ name, type }) => sql`${name} ${sql.raw(type === TIMESTAMP ? 'timestamp' : type)}`)
  const values = all.map(({ name, type }) => type === TIMESTAMP ? sql`${name} at time zone 'UTC' as ${name}` : sql`${name}`)
  const names = Object.keys(columns)
  const json = JSON.stringify(rows.map((row) => Object.fromEntries(row.map((value, index) => [names[index], value]))))
  return sql`(select ${sql.join(values, sql`, `)} from json_to_recordset(${json}::json) as row (${sql.join(types, sql`, `)}))`
}
