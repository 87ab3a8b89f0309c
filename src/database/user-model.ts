import { type BuildColumns, type Column, getTableColumns, type SQL } from 'drizzle-orm'
import type { AnyPgColumn, PgTable, PgTableWithColumns } from 'drizzle-orm/pg-core'
import type { djangoUserColumns } from './table-columns.js'
import type { UserId } from './user-id.js'

export type ColumnOf<Data> = AnyPgColumn<{ data: Data, notNull: true }>

/** Whether something is so of a user, as the database works it out. */
export type Flag = SQL<boolean>

/**
 * Which table and columns play the users' parts. Nothing above knows more of where users are kept.
 * The types are PostgreSQL's, whatever the dialect.
 */
export interface UserModel {
  table: PgTable
  id: ColumnOf<UserId>
  /** Null where nobody logs in by it. */
  username: ColumnOf<string> | null
  /** The encoded password; null where passwords are checked elsewhere. */
  password: ColumnOf<string> | null
  isActive: Flag
  isStaff: Flag
  isSuperuser: Flag
  /** What becomes `request.user`. Never the password. */
  select: Record<string, AnyPgColumn | SQL>
}

/** Users as Django keeps them, in `auth_user` or in the table of a custom `AUTH_USER_MODEL`: those that we may administer. */
export interface DjangoUsers extends UserModel {
  /** By our names. A table of a custom model has some of the columns. */
  table: DjangoUserTable
  username: ColumnOf<string>
  password: ColumnOf<string>
  /** The form of usernames: `username` has Django's rules, `email` is an address. Null: any length. */
  usernames: { column: string, maxLength: number | null }
  /** What can be written of a user, by our names. */
  fields: ReadonlySet<string>
  /** How many characters of text a field has room for, by our names. */
  lengths: ReadonlyMap<string, number>
  /** What a new row holds where nobody says otherwise. @throws Conflict where nothing here can know */
  newRow (): Partial<DjangoUserTable['$inferInsert']>
}

/** Django's `auth_user`. */
export type DjangoUserTable = PgTableWithColumns<{
  name: 'auth_user'
  schema: undefined
  columns: BuildColumns<'auth_user', ReturnType<typeof djangoUserColumns<'pg'>>, 'pg'>
  dialect: 'pg'
}>

/** What a row calls the value of a column. */
export const propertyOf = (column: Column): string =>
  Object.entries(getTableColumns(column.table)).find(([, own]) => own === column)?.[0] as string
