import type { Column, SQL, Table } from 'drizzle-orm'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Affected, Change, Watch } from './changes.js'
import type { Inspection } from './inspection.js'
import type { defineTokenTables } from './postgres/token-tables.js'
import type { TableDescription } from './table-description.js'
import type { UserId } from './user-id.js'
import type { DjangoUsers, UserModel } from './user-model.js'

/** The tables of tokens that the stores work on: PostgreSQL's in the types, whatever the dialect. */
export type TokenTables = ReturnType<typeof defineTokenTables<UserId>>

/** What the stores use of Drizzle: PostgreSQL's calls in the types, and of them those that SQLite has too. */
export type Db = Pick<NodePgDatabase, 'select' | 'insert' | 'update' | 'delete' | '$count'>

/** A Drizzle instance of the host's, on a connection of the host's. */
export type HostDatabase = BetterSQLite3Database<Record<string, unknown>> | NodePgDatabase<Record<string, unknown>>

export interface HostModel { users: UserModel, tables: TokenTables }

export interface Statement extends PromiseLike<unknown> {
  toSQL (): { sql: string, params: unknown[] }
}

/** What must still be so when a transaction begins. */
export interface Guard {
  /** On whose behalf: this user's identities do not change meanwhile either. */
  user: UserId
  /** Finds a row where it is so. */
  condition (db: Db): Statement
}

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
  readonly users: Users
  /** What an operator should know of how it is used, in one line; null: nothing. */
  readonly notice: string | null
  /** Whether it has the tables of access tokens. A database that only Django migrated has none, and can be read all the same. */
  readonly accessTokens: boolean
  /** Prepares a query for one row. Where the driver is synchronous, so is the answer. It throws `DatabaseUnavailable`. */
  prepare<Row>(query: Preparable<Row>): (values?: Record<string, unknown>) => Row | undefined | Promise<Row | undefined>
  /** The same, for what is asked for at each request: on SQLite the answer is shared, by who asks the same within 1 ms. */
  prepareLookUp: Database['prepare']
  /** Runs a query. A violated constraint is thrown as the driver's error; any other failure as `DatabaseUnavailable`. */
  run<T>(query: () => PromiseLike<T>): Promise<T>
  /**
   * Runs statements in one transaction. Fails as `run` does. Gives how many rows each of them changed.
   * @param affected whose identities it may change: no other transaction on the same user, or on all, runs meanwhile
   * @param guard where it finds nothing, nothing is done: it throws `PermissionDenied`
   */
  transaction (statements: (db: Db) => Statement[], affected?: Affected, guard?: Guard): Promise<number[]>
  /** A value in a statement that gives no hint of its type: the type of a column. */
  cast (value: unknown, column: PgColumn): SQL
  /**
   * Many rows as a table to select from, in one parameter.
   * @param columns what the values of a row are called, in their order, each with a column of its type
   * @param rows their values; a date is text in UTC, `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DD HH:MM:SS.ffffff`
   */
  rowsAsTable (columns: Record<string, PgColumn>, rows: unknown[][]): SQL
  /** Keeps rows that a query of a transaction finds from being changed until its end; no statement where nobody could. */
  lockRows (query: { for (strength: 'update'): Statement }): Statement[]
  /** Sees changes by anybody from now on. @param listener is called at each of them */
  watch (listener: (change: Change) => void): Watch
  describe (table: Table): Promise<TableDescription | null>
  nameOf (column: Column): string
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
