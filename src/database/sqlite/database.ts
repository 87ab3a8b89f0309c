import { getTableName, sql } from 'drizzle-orm'
import { createChanges } from '../changes.js'
import { PermissionDenied } from '../../errors.js'
import type { Database, Preparable, TokenTables } from '../database-interface.js'
import { unavailable } from '../driver-errors.js'
import { idKey } from '../user-id.js'
import type { UserModel } from '../user-model.js'
import { describeTable, hasTable } from './catalog.js'
import { type SqliteWatch, watchSqlite } from './change-watch.js'
import { isBusy, PATIENCE_MS, type SqliteConnection } from './connection.js'
import { createRowReader, type Selection } from './row-reader.js'

/** What SQLite's builders can do, and PostgreSQL's, whose types the stores see, can not. */
interface Runnable { run (): { changes: number } }
interface Findable { get (): unknown }
interface Selecting { _: { selectedFields: Selection } }

type Ask<Row> = (values: Record<string, unknown> | undefined) => Row | undefined

/** The database on a connection; also the watch, and how to look again which tables there are. @param name what messages call it */
export function createSqliteDatabase<Users extends UserModel> (
  connection: SqliteConnection, name: string, users: Users, tables: TokenTables
) {
  const { drizzle, client, shared, sharedRead, waiting, patiently } = connection
  const lookForAccessTokens = () => waiting(() => hasTable(client, getTableName(tables.authtokenAccesstoken)))
  let accessTokens = lookForAccessTokens()
  // Otherwise transactions are the host's.
  if (!shared) waiting(sharedRead.allow)

  const changes = createChanges()
  const watch: SqliteWatch = waiting(() => watchSqlite(connection, changes))

  function asking<Row> (query: Preparable<Row>): Ask<Row> {
    const { _: { selectedFields } } = query as unknown as Selecting
    const readRow = createRowReader<Row>(selectedFields)
    const prepared = drizzle.session.prepareQuery(
      drizzle.dialect.sqlToQuery(query.getSQL()), undefined, 'get', true, ([row]) => readRow(row as unknown[]))
    return (values) => prepared.get(values) as Row | undefined
  }

  /** Asks at once; where the file is locked, again for a while. */
  const persistent = <Row>(first: Ask<Row>, again: Ask<Row>): ReturnType<typeof database.prepare<Row>> => (values) => {
    try {
      return first(values)
    } catch (error) {
      if (isBusy(error)) return patiently(PATIENCE_MS, () => again(values))
      throw unavailable(error)
    }
  }

  const database: Database<Users> = {
    name,
    db: drizzle as unknown as Database['db'],
    tables,
    users,
    notice: null,
    get accessTokens () { return accessTokens },

    prepare (query) {
      const ask = asking(query)
      return persistent((values) => {
        sharedRead.end()
        return ask(values)
      }, ask)
    },

    prepareLookUp (query) {
      const ask = asking(query)
      return persistent(sharedRead.share(ask), ask)
    },

    // A builder runs in its `then`.
    run: (query) => patiently(PATIENCE_MS, () =>
      watch.ignoreOwnWrites(() => new Promise((resolve, reject) => { query().then(resolve, reject) }))),

    async transaction (statements, affected, guard) {
      const run = (tx: unknown) => {
        const db = tx as Database['db']
        if (guard !== undefined && (guard.condition(db) as unknown as Findable).get() === undefined) throw new PermissionDenied()
        return statements(db).map((statement) => (statement as unknown as Runnable).run().changes)
      }
      try {
        return await patiently(PATIENCE_MS, () => watch.ignoreOwnWrites(() => drizzle.transaction(run, { behavior: 'immediate' })))
      } finally {
        if (affected !== undefined) changes.emit(affected === 'all' ? affected : { user: idKey(affected.user) })
      }
    },

    cast: (value, column) => sql`${value === null ? null : sql.param(value, column)}`,

    rowsAsTable (columns, rows) {
      const values = Object.keys(columns).map((name, index) => sql`value ->> ${sql.raw(String(index))} as ${sql.identifier(name)}`)
      return sql`(select ${sql.join(values, sql`, `)} from json_each(${JSON.stringify(rows)}))`
    },

    // There is one writer at a time.
    lockRows: () => [],

    watch (listener) {
      changes.onChange(listener)
      return watch
    },

    describe: async (table) => waiting(() => describeTable(client, getTableName(table))),
    nameOf: (column) => drizzle.dialect.casing.getColumnCasing(column),
    async close () { if (!shared) client.close() }
  }
  return { database, watch, lookAgain: () => { accessTokens = lookForAccessTokens() } }
}
