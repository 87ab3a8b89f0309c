import { type $Type, getTableName, isNull } from 'drizzle-orm'
import { type AnySQLiteColumn, index, integer, type SQLiteIntegerBuilderInitial, type SQLiteTable, sqliteTable, type SQLiteTableFn, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { bool, datetime, DJANGO_UUID, uuid, varchar } from './columns.js'
import { idColumnOf, type IdOf, refuseId, type TableOptions } from '../token-table-options.js'

/** What makes the columns that hold a user's id, by the class of the id itself. */
const ID_COLUMNS: Record<string, (id: AnySQLiteColumn) => unknown> = {
  SQLiteInteger: () => integer('user_id'),
  SQLiteText: () => text('user_id'),
  SQLiteCustomColumn: (id) => id.getSQLType() === DJANGO_UUID ? uuid('user_id') : refuseId(id)
}

/** A column for the id of a user, of the type that it has in the users' table. */
const userId = <Id>(id: AnySQLiteColumn) =>
  (ID_COLUMNS[id.columnType] ?? refuseId)(id) as $Type<SQLiteIntegerBuilderInitial<'user_id'>, Id>

/**
 * The tables of tokens, for users of any table.
 * @param id the column of the users' ids
 * @param table makes a table
 * @param onDelete what becomes of the DRF token of a user who is deleted; Django's own tables leave that to Django
 */
export function defineTokenTables<Id> (id: AnySQLiteColumn, table: SQLiteTableFn, onDelete?: 'cascade') {
  /** `authtoken_token`, as DRF's `rest_framework.authtoken` makes it: one row a user, the key in clear. */
  const authtokenToken = table('authtoken_token', {
    key: varchar({ length: 40 }).primaryKey(),
    created: datetime().notNull(),
    userId: userId<Id>(id).notNull().unique().references(() => id, onDelete && { onDelete })
  })

  /** Access tokens: many a user, as digests. Ours: Django does not know the table. */
  const authtokenAccesstoken = table('authtoken_accesstoken', {
    /** Public and random: it may be shown, logged and put into a URL. */
    id: varchar({ length: 16 }).primaryKey(),
    userId: userId<Id>(id).notNull().references(() => id, { onDelete: 'cascade' }),
    kind: varchar({ length: 8 }).$type<'access' | 'login' | 'sealed'>().notNull(),
    name: varchar({ length: 100 }).notNull(),
    /** SHA-256 of the token, in hexadecimal digits. */
    digest: varchar({ length: 64 }).notNull().unique(),
    hint: varchar({ length: 4 }),
    scope: varchar({ length: 1000 }).notNull(),
    created: datetime().notNull(),
    expires: datetime(),
    /** How far each use pushes `expires` where it slides, in seconds. */
    lifetime: integer(),
    /** What `expires` is never pushed beyond. */
    latest: datetime(),
    lastUsed: datetime('last_used'),
    disabled: bool().notNull(),
    /** The id of the token that came in its place. */
    replacedBy: varchar('replaced_by', { length: 16 })
  }, (self) => {
    const name = getTableName((self.id as unknown as { table: SQLiteTable }).table)
    return [
      uniqueIndex(`${name}_user_id_name`).on(self.userId, self.name).where(isNull(self.replacedBy)),
      index(`${name}_user_id_created`).on(self.userId, self.created),
      index(`${name}_expires`).on(self.expires)
    ]
  })

  /** What the database itself remembers: that its DRF tokens are sealed. */
  const authtokenState = table('authtoken_state', {
    name: varchar({ length: 32 }).primaryKey(),
    value: varchar({ length: 32 }).notNull()
  })

  return { authtokenToken, authtokenAccesstoken, authtokenState }
}

/**
 * The tables of tokens for the host's own users, to stand in the host's schema file, so that drizzle-kit puts them into
 * the host's migrations, with the foreign key:
 * `export const { authtokenToken, authtokenAccesstoken, authtokenState } = authtokenTables(people)`.
 * Tokens go with their user.
 * @param users the host's table
 * @param options `id`: the column of the ids, by default `id`; `table`: `sqliteTable`, or what `sqliteTableCreator` gives
 */
export const authtokenTables = <Users extends SQLiteTable, Id extends AnySQLiteColumn = never>(users: Users, { id, table = sqliteTable }: TableOptions<Id, SQLiteTableFn> = {}) =>
  defineTokenTables<IdOf<Users, Id>>(id ?? idColumnOf(users), table, 'cascade')
