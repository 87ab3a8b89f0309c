import { type Column, getTableColumns, type SQL } from 'drizzle-orm'
import type { AnyPgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { users } from './postgres/schema.js'
import type { UserId } from './token-table-options.js'

/** A column that holds a value in each row. */
export type ColumnOf<Data> = AnyPgColumn<{ data: Data, notNull: true }>

/** Whether something is so of a user, worked out by the database. */
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
  table: typeof users
  username: ColumnOf<string>
  password: ColumnOf<string>
  /** The form of usernames: `username` has Django's rules, `email` is an address. Null: any length. */
  usernames: { column: string, maxLength: number | null }
  /** What can be written of a user, by our names. */
  fields: ReadonlySet<string>
  /** How many characters of text a field has room for, by our names. */
  lengths: ReadonlyMap<string, number>
  /** What a new row holds where nobody says otherwise. @throws Conflict where nothing here can know */
  newRow (): Partial<typeof users.$inferInsert>
}

/**
 * Reads an id out of text.
 * @returns null where no user can have it
 */
export function readUserId ({ id }: Pick<UserModel, 'id'>, text: string): UserId | null {
  const type = id.getSQLType()
  if (id.dataType === 'bigint') return /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? BigInt(text) : null
  if (id.dataType === 'number') return /^-?\d{1,16}$/.test(text) && Math.abs(Number(text)) <= (LARGEST[id.columnType] ?? Number.MAX_SAFE_INTEGER) ? Number(text) : null
  if (type === 'uuid' || type === 'char(32)') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : null
  return text !== '' && !text.includes('\0') ? text : null
}

// PostgreSQL refuses to compare with a number that its column can not hold.
const LARGEST: Record<string, number> = { PgSmallInt: 32_767, PgSmallSerial: 32_767, PgInteger: 2_147_483_647, PgSerial: 2_147_483_647 }

/** What a row calls the value of a column. */
export const propertyOf = (column: Column): string =>
  Object.entries(getTableColumns(column.table)).find(([, own]) => own === column)?.[0] as string
