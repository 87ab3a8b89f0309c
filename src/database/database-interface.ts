import type { Static } from '@sinclair/typebox'
import type { Column, SQL, Table } from 'drizzle-orm'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { databaseOptions } from '../options/database-options.js'
import type { Change, Watch } from './changes.js'
import type { TableDescription } from './table-description.js'
import type { defineTokenTables } from './postgres/token-tables.js'
import type { UserId } from './token-table-options.js'
import type { DjangoUsers, UserModel } from './user-model.js'

/** The tables of tokens that the stores work on: PostgreSQL's in the types, whatever the dialect. */
export type TokenTables = ReturnType<typeof defineTokenTables<UserId>>

/** What the stores use of Drizzle: PostgreSQL's calls in the types, and of them those that SQLite has too. */
export type Db = Pick<NodePgDatabase, 'select' | 'insert' | 'update' | 'delete' | '$count'>

/** A Drizzle instance of the host's, on a connection of the host's. */
export type HostDatabase = BetterSQLite3Database<Record<string, unknown>> | NodePgDatabase<Record<string, unknown>>

/** Whose identities a transaction may change. */
export type Affected = { user: UserId } | 'all'

/** A statement that Drizzle has built, not run yet. */
export interface Statement extends PromiseLike<unknown> {
  toSQL (): { sql: string, params: unknown[] }
}

/** A query that Drizzle has built, to be run many times. */
export interface Preparable<Row> {
  getSQL (): SQL
  prepare (name: string): { execute (values?: Record<string, unknown>): Promise<Row[]> }
}

/** An open database: what the stores need of it, whatever the dialect. */
export interface Database<Users extends UserModel = UserModel> {
  /** What messages call it: never with a password. */
  readonly name: string
  readonly db: Db
  readonly tables: TokenTables
  /** Which table and columns play the users' parts. */
  readonly users: Users
  /** What an operator should know of how it is used, in one line; null: nothing. */
  readonly notice: string | null
  /** Whether it has the tables of access tokens. A database that only Django migrated has none, and can be read all the same. */
  readonly accessTokens: boolean
  /**
   * Prepares a query for one row.
   * @returns a function of its placeholders: the row, or undefined. Where the driver is synchronous, so is the answer.
   * It throws `DatabaseUnavailable` where the database does not answer.
   */
  prepare<Row>(query: Preparable<Row>): (values?: Record<string, unknown>) => Row | undefined | Promise<Row | undefined>
  /** The same, for what is asked for at each request: on SQLite it sees a `moment`, which may have begun 1 ms ago. */
  prepareLookUp: Database['prepare']
  /** What look-ups see: while it is the same object, so is the answer to the same question. null: each sees what is there when it is asked. */
  moment (): object | null
  /**
   * Runs a query. On SQLite again for a while, where another connection holds the lock.
   * A violated constraint is thrown as the driver's error; any other failure as `DatabaseUnavailable`.
   */
  run<T>(query: () => PromiseLike<T>): Promise<T>
  /**
   * Runs statements in one transaction: all of them or none. Fails as `run` does.
   * @param affected whose identities it may change: no other transaction that names the same user, or all, runs meanwhile,
   * and each statement sees what those before it left; those who watch are told when it is over
   * @returns how many rows each of them changed
   */
  transaction (statements: (db: Db) => Statement[], affected?: Affected): Promise<number[]>
  /** A value in a statement that gives no hint of its type: the type of a column. */
  cast (value: unknown, column: PgColumn): SQL
  /**
   * Many rows as a table to select from, in one parameter.
   * @param columns what the values of a row are called, in their order, each with a column of its type
   * @param rows their values; a date is text in UTC, `YYYY-MM-DD HH:MM:SS` with or without `.ffffff`, and none of its digits is lost
   */
  rows (columns: Record<string, PgColumn>, rows: unknown[][]): SQL
  /** Keeps rows that a query of a transaction finds from being changed until its end; no statement where nobody could. */
  hold (query: { for (strength: 'update'): Statement }): Statement[]
  /** Sees changes by anybody from now on. @param listener is called at each of them */
  watch (listener: (change: Change) => void): Watch
  /** What a table looks like there; null where there is none. */
  describe (table: Table): Promise<TableDescription | null>
  /** What a column is called there. */
  nameOf (column: Column): string
  /** Closes it, where we opened it. */
  close (): Promise<void>
}

/** An open database of Django's form: its users are there to be administered, its tables ours to bring up to date. */
export interface DjangoDatabase extends Database<DjangoUsers> {
  /** Whether Django made this database, or runs on it: then its passwords stay in Django's own form. */
  readonly django: boolean
  /** Brings the tables up to date. Safe for many starters at once. */
  migrate (): Promise<void>
  /** Users who are added without an id from now on get a larger one. */
  reserveIds (last: number): Promise<void>
  /** Tells its tables from any others: the same for all who have opened them. */
  identity (): Promise<string>
  /** What keeps the database from being used, or could be better: one line each, to stand behind its name. */
  inspect (): Promise<Inspection>
  /** From now on, what this connection deletes is overwritten. */
  overwriteDeleted (): void
  /** Rewrites where DRF tokens were, so that nothing that was deleted is left there. */
  scrub (): Promise<void>
}

/** What `authtoken check` says of a database. */
export interface Inspection {
  /** The tables are not what they must be: nothing works. */
  unusable: string[]
  /** Keeps the service from starting: a migration is missing, or nothing can be written. Tokens can be verified all the same. */
  unready: string[]
  /** Works, and could be better. */
  advice: string[]
}

/** How a database is opened. */
export interface DatabaseOptions extends Static<typeof databaseOptions> {
  /** SQLite: whether a file that does not exist is made. @default true */
  create?: boolean
}

/**
 * How many rows a list has in all. Nothing is counted where the page is the last one: that costs a pass over all that match.
 * @param page the rows that were found
 * @param count counts them
 */
export async function countAll (page: unknown[], { limit, offset }: { limit: number, offset: number }, count: () => Promise<number>): Promise<number> {
  const isLast = page.length < limit && (page.length > 0 || offset === 0)
  return isLast ? offset + page.length : await count()
}

/** The driver's code of an error, also where Drizzle has wrapped it. */
export const codeOf = (error: unknown): string => {
  const { code, cause } = (error ?? {}) as { code?: unknown, cause?: unknown }
  return typeof code === 'string' ? code : cause === undefined ? '' : codeOf(cause)
}

/** Whether a write failed because another row has the same unique value. */
export const isUniqueViolation = (error: unknown): boolean => ['SQLITE_CONSTRAINT_UNIQUE', '23505'].includes(codeOf(error))
/** Whether a write failed because another table's rows point to the row. */
export const isForeignKeyViolation = (error: unknown): boolean => ['SQLITE_CONSTRAINT_FOREIGNKEY', '23503'].includes(codeOf(error))

/** Whether text can be in a database: PostgreSQL refuses even to look for a NUL. */
export const isStorable = (text: string): boolean => !text.includes('\0')
/** Whether a write failed because of any constraint. The error itself may hold what was to be written. */
export const isConstraintViolation = (error: unknown): boolean => /^(SQLITE_CONSTRAINT|23)/.test(codeOf(error))
