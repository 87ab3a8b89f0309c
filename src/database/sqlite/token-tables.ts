import type { $Type } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import type { AnySQLiteColumn, SQLiteIntegerBuilderInitial, SQLiteTable, SQLiteTableFn } from 'drizzle-orm/sqlite-core'
import type { ColumnKit, TableOptions } from '../table-columns.js'
import { accessTokenColumns, accessTokenIndexes, drfTokenColumns, stateColumns } from '../table-columns.js'
import { idColumnOf, type IdOf, refuseId } from '../user-id.js'
import { bool, datetime, DJANGO_UUID, uuid, varchar } from './columns.js'

/**
 * The tables of tokens for the host's own users, to stand in the host's schema file, so that drizzle-kit puts them into
 * the host's migrations: `export const { authtokenToken, authtokenAccesstoken, authtokenState } = authtokenTables(people)`.
 * Tokens go with their user.
 * @param options `id`: the column of the ids, by default `id`; `table`: `sqliteTable`, or what `sqliteTableCreator` gives
 */
export const authtokenTables = <Users extends SQLiteTable, Id extends AnySQLiteColumn = never>(
  users: Users,
  { id, table = sqliteTable }: TableOptions<Id, SQLiteTableFn> = {}
) => defineTokenTables<IdOf<Users, Id>>(id ?? idColumnOf(users), table, 'cascade')

/** The tables of tokens, for users of any table. @param onDelete of the user of a DRF token; Django's own table leaves that to Django */
export function defineTokenTables<Id> (id: AnySQLiteColumn, table: SQLiteTableFn, onDelete?: 'cascade') {
  return {
    authtokenToken: table('authtoken_token', drfTokenColumns(SQLITE_COLUMNS, userId<Id>(id, onDelete))),
    authtokenAccesstoken: table(
      'authtoken_accesstoken',
      accessTokenColumns(SQLITE_COLUMNS, userId<Id>(id, 'cascade')),
      (self) => accessTokenIndexes({ index, uniqueIndex }, self)
    ),
    authtokenState: table('authtoken_state', stateColumns(SQLITE_COLUMNS))
  }
}

export const SQLITE_COLUMNS: ColumnKit<'sqlite'> = {
  id: (name) => integer(name).primaryKey({ autoIncrement: true }),
  varchar: (name, length) => varchar(name, { length }),
  datetime,
  boolean: bool,
  seconds: (name) => integer(name)
}

/** A column for the id of a user, of the type that it has in the users' table. */
function userId<Id> (id: AnySQLiteColumn, onDelete: 'cascade' | undefined) {
  const column = (ID_COLUMNS[id.columnType] ?? refuseId)(id) as $Type<SQLiteIntegerBuilderInitial<'user_id'>, Id>
  return column.references(() => id, onDelete && { onDelete })
}

const ID_COLUMNS: Record<string, (id: AnySQLiteColumn) => unknown> = {
  SQLiteInteger: () => integer('user_id'),
  SQLiteText: () => text('user_id'),
  SQLiteCustomColumn: (id) => id.getSQLType() === DJANGO_UUID ? uuid('user_id') : refuseId(id)
}
