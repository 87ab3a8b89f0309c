import { type Column, getTableName, isNull, type SQL, type SQLWrapper, type Table } from 'drizzle-orm'
import type * as drizzle from 'drizzle-orm'
import type * as pg from 'drizzle-orm/pg-core'
import type * as sqlite from 'drizzle-orm/sqlite-core'

// The columns of all tables, once for both dialects, in the order in which migrations made them.

/** What makes the columns of a dialect. Drizzle's types of them are kept. */
export interface ColumnKit<D extends Dialect> {
  /** A number that the database counts. */
  id<Name extends string>(name: Name): Builder & Built<Name>[D]['id']
  varchar<Name extends string, Length extends number>(name: Name, length: Length): Builder & Built<Name, Length>[D]['varchar']
  datetime<Name extends string>(name: Name): Builder & Built<Name>[D]['datetime']
  boolean<Name extends string>(name: Name): Builder & Built<Name>[D]['boolean']
  seconds<Name extends string>(name: Name): Builder & Built<Name>[D]['seconds']
}

/** `auth_user`, exactly as Django's `django.contrib.auth` makes it. */
export const djangoUserColumns = <D extends Dialect>(kit: ColumnKit<D>) => ({
  id: kit.id('id'),
  password: kit.varchar('password', 128).notNull(),
  lastLogin: kit.datetime('last_login'),
  isSuperuser: kit.boolean('is_superuser').notNull(),
  username: kit.varchar('username', 150).notNull().unique(),
  lastName: kit.varchar('last_name', 150).notNull(),
  email: kit.varchar('email', 254).notNull(),
  isStaff: kit.boolean('is_staff').notNull(),
  isActive: kit.boolean('is_active').notNull(),
  dateJoined: kit.datetime('date_joined').notNull(),
  firstName: kit.varchar('first_name', 150).notNull()
})

/** `authtoken_token`, as DRF's `rest_framework.authtoken` makes it: one row a user, the key in clear. */
export const drfTokenColumns = <D extends Dialect, Owner extends Builder>(kit: ColumnKit<D>, userId: Owner) => ({
  key: kit.varchar('key', 40).primaryKey(),
  created: kit.datetime('created').notNull(),
  userId: userId.unique().notNull()
})

/** Access tokens: many a user, as digests. Ours: Django does not know the table. */
export const accessTokenColumns = <D extends Dialect, Owner extends Builder>(kit: ColumnKit<D>, userId: Owner) => ({
  /** Public and random: it may be shown, logged and put into a URL. */
  id: kit.varchar('id', 16).primaryKey(),
  userId: userId.notNull(),
  kind: kit.varchar('kind', 8).$type<'access' | 'login' | 'sealed'>().notNull(),
  name: kit.varchar('name', 100).notNull(),
  /** SHA-256 of the token, in hexadecimal digits. */
  digest: kit.varchar('digest', 64).notNull().unique(),
  hint: kit.varchar('hint', 4),
  scope: kit.varchar('scope', 1000).notNull(),
  created: kit.datetime('created').notNull(),
  expires: kit.datetime('expires'),
  /** How far each use pushes `expires` where it slides, in seconds. */
  lifetime: kit.seconds('lifetime'),
  /** What `expires` is never pushed beyond. */
  latest: kit.datetime('latest'),
  lastUsed: kit.datetime('last_used'),
  disabled: kit.boolean('disabled').notNull(),
  /** The id of the token that came in its place. */
  replacedBy: kit.varchar('replaced_by', 16)
})

export function accessTokenIndexes<C, Index> (
  { index, uniqueIndex }: Record<'index' | 'uniqueIndex', (name: string) => IndexBuilder<C, Index>>,
  { id, userId, name, created, expires, replacedBy }: Record<'id' | 'userId' | 'name' | 'created' | 'expires' | 'replacedBy', C>
): Index[] {
  // A host may have made the table under another name.
  const table = getTableName((id as Column).table as Table)
  return [
    uniqueIndex(`${table}_user_id_name`).on(userId, name).where(isNull(replacedBy as SQLWrapper)),
    index(`${table}_user_id_created`).on(userId, created),
    index(`${table}_expires`).on(expires)
  ]
}

/** What the database itself remembers: that its DRF tokens are sealed. */
export const stateColumns = <D extends Dialect>(kit: ColumnKit<D>) => ({
  name: kit.varchar('name', 32).primaryKey(),
  value: kit.varchar('value', 32).notNull()
})

/** How the tables of tokens are made. */
export interface TableOptions<Id, TableFn> {
  /** The column of the users' ids. @default the column `id` */
  id?: Id
  /** Makes a table: for a prefix, or a schema of PostgreSQL's. */
  table?: TableFn
}

interface Builder {
  notNull (): this & { _: { notNull: true } }
  primaryKey (): this & { _: { notNull: true } } & { _: { isPrimaryKey: true } }
  unique (): this
  $type<T> (): this & { _: { $type: T } }
}

interface IndexBuilder<C, Index> {
  on (...columns: [C, ...C[]]): Index & { where (condition: SQL): Index }
}

type Dialect = keyof Built<string>

interface Built<Name extends string, Length extends number = number> {
  pg: {
    id: drizzle.IsIdentity<drizzle.IsPrimaryKey<drizzle.NotNull<pg.PgIntegerBuilderInitial<Name>>>, 'byDefault'>
    varchar: pg.PgVarcharBuilderInitial<Name, [string, ...string[]], Length>
    datetime: pg.PgCustomColumnBuilder<pg.ConvertCustomConfig<Name, Datetime>>
    boolean: pg.PgBooleanBuilderInitial<Name>
    seconds: pg.PgBigInt53BuilderInitial<Name>
  }
  sqlite: {
    id: drizzle.IsPrimaryKey<drizzle.HasDefault<drizzle.NotNull<sqlite.SQLiteIntegerBuilderInitial<Name>>>>
    varchar: sqlite.SQLiteCustomColumnBuilder<sqlite.ConvertCustomConfig<Name, { data: string }>>
    datetime: sqlite.SQLiteCustomColumnBuilder<sqlite.ConvertCustomConfig<Name, Datetime>>
    boolean: sqlite.SQLiteCustomColumnBuilder<sqlite.ConvertCustomConfig<Name, { data: boolean, driverData: number }>>
    seconds: sqlite.SQLiteIntegerBuilderInitial<Name>
  }
}

interface Datetime { data: Date | null, driverData: string | null }
