import type { $Type } from 'drizzle-orm'
import { bigint, boolean, char, index, integer, pgTable, smallint, text, uniqueIndex, uuid, varchar } from 'drizzle-orm/pg-core'
import type { AnyPgColumn, PgIntegerBuilderInitial, PgTable, PgTableFn } from 'drizzle-orm/pg-core'
import type { ColumnKit, TableOptions } from '../table-columns.js'
import { accessTokenColumns, accessTokenIndexes, drfTokenColumns, stateColumns } from '../table-columns.js'
import { idColumnOf, type IdOf, refuseId } from '../user-id.js'
import { datetime } from './columns.js'

/**
 * The tables of tokens for the host's own users, to stand in the host's schema file, so that drizzle-kit puts them into
 * the host's migrations: `export const { authtokenToken, authtokenAccesstoken, authtokenState } = authtokenTables(people)`.
 * Tokens go with their user.
 * @param options `id`: the column of the ids, by default `id`; `table`: `pgTable`, or what `pgTableCreator` or `pgSchema(…).table` is
 */
export const authtokenTables = <Users extends PgTable, Id extends AnyPgColumn = never, Schema extends string | undefined = undefined>(
  users: Users,
  { id, table = pgTable as PgTableFn<Schema> }: TableOptions<Id, PgTableFn<Schema>> = {}
) => defineTokenTables<IdOf<Users, Id>, Schema>(id ?? idColumnOf(users), table, 'cascade')

/** The tables of tokens, for users of any table. @param onDelete of the user of a DRF token; Django's own table leaves that to Django */
export function defineTokenTables<Id, Schema extends string | undefined = undefined> (
  id: AnyPgColumn, table: PgTableFn<Schema>, onDelete?: 'cascade'
) {
  return {
    authtokenToken: table('authtoken_token', drfTokenColumns(POSTGRES_COLUMNS, userId<Id>(id, onDelete))),
    authtokenAccesstoken: table(
      'authtoken_accesstoken',
      accessTokenColumns(POSTGRES_COLUMNS, userId<Id>(id, 'cascade')),
      (self) => accessTokenIndexes({ index, uniqueIndex }, self)
    ),
    authtokenState: table('authtoken_state', stateColumns(POSTGRES_COLUMNS))
  }
}

export const POSTGRES_COLUMNS: ColumnKit<'pg'> = {
  id: (name) => integer(name).primaryKey().generatedByDefaultAsIdentity(),
  varchar: (name, length) => varchar(name, { length }),
  datetime,
  boolean,
  seconds: (name) => bigint(name, { mode: 'number' })
}

/** A column for the id of a user, of the type that it has in the users' table. */
function userId<Id> (id: AnyPgColumn, onDelete: 'cascade' | undefined) {
  const column = (ID_COLUMNS[id.columnType] ?? refuseId)(id) as $Type<PgIntegerBuilderInitial<'user_id'>, Id>
  return column.references(() => id, onDelete && { onDelete })
}

const ID_COLUMNS: Record<string, (id: AnyPgColumn & { length?: number }) => unknown> = {
  PgSmallInt: () => smallint('user_id'),
  PgSmallSerial: () => smallint('user_id'),
  PgInteger: () => integer('user_id'),
  PgSerial: () => integer('user_id'),
  PgBigInt53: () => bigint('user_id', { mode: 'number' }),
  PgBigSerial53: () => bigint('user_id', { mode: 'number' }),
  PgBigInt64: () => bigint('user_id', { mode: 'bigint' }),
  PgBigSerial64: () => bigint('user_id', { mode: 'bigint' }),
  PgUUID: () => uuid('user_id'),
  PgText: () => text('user_id'),
  PgVarchar: ({ length }) => varchar('user_id', length === undefined ? {} : { length }),
  PgChar: ({ length }) => char('user_id', length === undefined ? {} : { length })
}
