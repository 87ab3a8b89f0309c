import { setTimeout as sleep } from 'node:timers/promises'
import type SQLite from 'better-sqlite3'
import type { Column, Query, SQL } from 'drizzle-orm'
import type { BetterSQLite3Database, BetterSQLiteSession } from 'drizzle-orm/better-sqlite3'
import { AuthtokenError, DatabaseUnavailable, retryAfter } from '../../errors.js'
import { codeOf } from '../database-interface.js'
import { createSharedRead, type SharedRead } from './shared-read.js'

/** How long a statement is tried again, in milliseconds. */
export const PATIENCE_MS = 5_000

// Drizzle types a connection by its schema. Ours and a host's differ in that alone, hence the casts to this.
/** What is used of a Drizzle instance on better-sqlite3. */
export type SqliteDrizzle = BetterSQLite3Database<Record<string, unknown>> & {
  $client: SQLite.Database
  session: Pick<BetterSQLiteSession<never, never>, 'prepareQuery'>
  dialect: { casing: { getColumnCasing (column: Column): string }, sqlToQuery (sql: SQL): Query }
}

/** A connection to a file, and the ways to use it where others lock the file. */
export interface SqliteConnection {
  drizzle: SqliteDrizzle
  client: SQLite.Database
  /** Whether the host uses the connection too. */
  shared: boolean
  /** Look-ups go through it, all else through one of the others. */
  sharedRead: SharedRead
  /** Waits for locks on the spot: at the start, where no event loop has anything better to do. */
  waiting<T> (action: () => T): T
  /** Tries again without blocking the event loop. Fails with what violates a constraint, and else with `DatabaseUnavailable`. */
  patiently<T> (milliseconds: number, action: () => T | PromiseLike<T>): Promise<T>
}

/** @param drizzle an instance on the connection */
export function createSqliteConnection (drizzle: SqliteDrizzle, shared: boolean): SqliteConnection {
  const client = drizzle.$client
  const sharedRead = createSharedRead(client)

  return {
    drizzle,
    client,
    shared,
    sharedRead,

    waiting (action) {
      sharedRead.end()
      const usual = client.pragma('busy_timeout', { simple: true })
      client.pragma(`busy_timeout = ${PATIENCE_MS}`)
      try {
        return action()
      } finally {
        client.pragma(`busy_timeout = ${usual}`)
      }
    },

    async patiently (milliseconds, action) {
      const deadline = performance.now() + milliseconds
      while (true) {
        sharedRead.end()
        try {
          return await action()
        } catch (error) {
          if (error instanceof AuthtokenError || codeOf(error).startsWith('SQLITE_CONSTRAINT')) throw error
          if (!isBusy(error) || performance.now() > deadline) throw unavailable(error)
          await sleep(5 + Math.random() * 20)
        }
      }
    }
  }
}

/** Whether another connection holds the lock. */
export const isBusy = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_BUSY')

/** What callers are told where the database does not answer. */
export const unavailable = (error: unknown) => retryAfter(new DatabaseUnavailable({ cause: error }), 1)
