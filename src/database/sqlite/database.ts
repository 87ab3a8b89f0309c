import { getTableName, sql } from 'drizzle-orm'
import { createChanges, idKey } from '../changes.js'
import type { Database, Preparable, TokenTables } from '../database-interface.js'
import { createRowReader, type Selection } from './row-reader.js'
import { isBusy, PATIENCE_MS, type SqliteConnection, unavailable } from './connection.js'
import { describeSqlite, hasTable } from './inspect.js'
import { type SqliteWatch, watchSqlite } from './change-watch.js'
import type { UserModel } from '../user-model.js'

/** What SQLite's builders can do, and PostgreSQL's, whose types the stores see, can not. */
interface Runnable { run (): { changes: number } }
interface Selecting { _: { selectedFields: Selection } }

/**
 * The database on a connection.
 * @param name what messages call it
 * @returns also what its owner needs: the watch, and how to look again which tables there are
 */
export function createSqliteDatabase<Users extends UserModel> (connection: SqliteConnection, name: string, users: Users, tables: TokenTables) {
  const { drizzle, client, shared, sharedRead, waiting, patiently } = connection
  const lookForAccessTokens = () => waiting(() => hasTable(client, getTableName(tables.authtokenAccesstoken)))
  let accessTokens = lookForAccessTokens()
  // Otherwise transactions are the host's.
  if (!shared) waiting(sharedRead.allow)

  const changes = createChanges()
  const watch: SqliteWatch = waiting(() => watchSqlite(connection, changes))

  function prepare<Row> (query: Preparable<Row>, read: <T>(look: () => T) => T): ReturnType<typeof database.prepare<Row>> {
    const { _: { selectedFields } } = query as unknown as Selecting
    const readRow = createRowReader<Row>(selectedFields)
    const prepared = drizzle.session.prepareQuery(drizzle.dialect.sqlToQuery(query.getSQL()), undefined, 'get', true, ([row]) => readRow(row as unknown[]))
    const ask = (values?: Record<string, unknown>) => prepared.get(values) as Row | undefined
    return (values) => {
      try {
        return read(() => ask(values))
      } catch (error) {
        if (isBusy(error)) return patiently(PATIENCE_MS, () => ask(values))
        throw unavailable(error)
      }
    }
  }

  const database: Database<Users> = {
    name,
    db: drizzle as unknown as Database['db'],
    tables,
    users,
    notice: null,
    get accessTokens () { return accessTokens },

    prepare: (query) => prepare(query, (look) => {
      sharedRead.end()
      return look()
    }),
    prepareLookUp: (query) => prepare(query, sharedRead.read),
    moment: sharedRead.moment,

    // A builder runs in its `then`.
    run: (query) => patiently(PATIENCE_MS, () => watch.ignoreOwnWrites(() => new Promise((resolve, reject) => { query().then(resolve, reject) }))),

    async transaction (statements, affected) {
      const run = (tx: unknown) => statements(tx as Database['db']).map((statement) => (statement as unknown as Runnable).run().changes)
      try {
        return await patiently(PATIENCE_MS, () => watch.ignoreOwnWrites(() => drizzle.transaction(run, { behavior: 'immediate' })))
      } finally {
        if (affected !== undefined) changes.emit(affected === 'all' ? affected : { user: idKey(affected.user) })
      }
    },

    cast: (value, column) => sql`${value === null ? null : sql.param(value, column)}`,
    rows: (columns, rows) => sql`(select ${sql.join(Object.keys(columns).map((name, index) => sql`value ->> ${sql.raw(String(index))} as ${sql.identifier(name)}`), sql`, `)} from json_each(${JSON.stringify(rows)}))`,
    // There is one writer at a time.
    hold: () => [],

    watch (listener) {
      changes.onChange(listener)
      return watch
    },

    describe: async (table) => waiting(() => describeSqlite(client, getTableName(table))),
    nameOf: (column) => drizzle.dialect.casing.getColumnCasing(column),
    async close () { if (!shared) client.close() }
  }
  return { database, watch, lookAgain: () => { accessTokens = lookForAccessTokens() } }
}
