import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import type * as sqlite from './schema.sqlite.js'

/** The tables that the stores work on. */
export type Schema = typeof sqlite

/** The common subset of Drizzle that the stores use: no dialect's own calls. */
export type Db = Pick<BetterSQLite3Database<Schema>, 'select' | 'insert' | 'update' | 'delete' | '$count'>

/** A Drizzle instance of the host's, on a connection of the host's. */
export type HostDatabase = BetterSQLite3Database<Record<string, unknown>>

/** A statement that Drizzle can build, not run yet. */
export interface Statement { run (): { changes: number } }

interface Preparable<Row> {
  prepare (): { get (values?: Record<string, unknown>): Row | undefined }
}

/** An open database: what the stores need of it, whatever the dialect. */
export interface Database {
  readonly db: Db
  readonly schema: Schema
  /** Whether Django made this database, or runs on it: then its passwords stay in Django's own form. */
  readonly django: boolean
  /** Whether it has the tables of access tokens. A database that only Django migrated has none, and can be read all the same. */
  readonly accessTokens: boolean
  /**
   * Prepares a query for one row.
   * @returns a function of its placeholders: the row, or undefined. Where the driver is synchronous, so is the answer.
   * It throws `DatabaseUnavailable` where the database does not answer.
   */
  prepare<Row>(query: Preparable<Row>): (values?: Record<string, unknown>) => Row | undefined | Promise<Row | undefined>
  /**
   * Runs a query, again for a while where another connection holds the lock.
   * A violated constraint is thrown as the driver's error; any other failure as `DatabaseUnavailable`.
   */
  run<T>(query: () => PromiseLike<T>): Promise<T>
  /**
   * Runs statements in one transaction: all of them or none. Fails as `run` does.
   * @returns how many rows each of them changed
   */
  transaction (statements: (db: Db) => Statement[]): Promise<number[]>
  /** Brings the tables up to date. Safe for many starters at once. */
  migrate (): Promise<void>
  /** What keeps the database from being used, or could be better: one line each, to stand behind its name. */
  inspect (): Inspection
  /** From now on, what this connection deletes is overwritten. */
  overwriteDeleted (): void
  /** Rewrites the file, so that nothing that was deleted is left in it, nor in what belongs to it. */
  scrub (): Promise<void>
  /** Closes it, where we opened it. */
  close (): void
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
export interface DatabaseOptions {
  /**
   * How long a statement waits for another connection's lock, in milliseconds. It blocks the event loop, so it is short;
   * the statement is then tried again without blocking, for 5 seconds.
   * @default 5
   */
  busyTimeoutMs?: number
  /**
   * Whether a file that does not exist is made.
   * @default true
   */
  create?: boolean
}

const constraint = (kind: string) => (error: unknown): boolean =>
  error instanceof Error && (error as { code?: unknown }).code === `SQLITE_CONSTRAINT_${kind}`

/** Whether a write failed because another row has the same unique value. */
export const isUniqueViolation = constraint('UNIQUE')
/** Whether a write failed because another table's rows point to the row. */
export const isForeignKeyViolation = constraint('FOREIGNKEY')
