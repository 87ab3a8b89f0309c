import { setTimeout as sleep } from 'node:timers/promises'
import type SQLite from 'better-sqlite3'
import type { Column, Query, SQL } from 'drizzle-orm'
import type { BetterSQLite3Database, BetterSQLiteSession } from 'drizzle-orm/better-sqlite3'
import { AuthtokenError } from '../../errors.js'
import { codeOf, isConstraintViolation, unavailable } from '../driver-errors.js'
import { createSharedRead, type SharedRead } from './shared-read.js'

export const PATIENCE_MS = 5_000

export type SqliteDrizzle = BetterSQLite3Database<Record<string, unknown>> & {
  $client: SQLite.Database
  session: Pick<BetterSQLiteSession<never, never>, 'prepareQuery'>
  dialect: { casing: { getColumnCasing (column: Column): string }, sqlToQuery (sql: SQL): Query }
}

/** A connection to a file, and the ways to use it where others lock the file. */
export interface SqliteConnection {
  drizzle: SqliteDrizzle
  client: SQLite.Database
  shared: boolean
  /** Look-ups go through it, all else through one of the others. */
  sharedRead: SharedRead
  /** Waits for locks on the spot: at the start, where no event loop has anything better to do. */
  waiting<T> (action: () => T): T
  /** Tries again without blocking the event loop. Fails with what violates a constraint, and else with `DatabaseUnavailable`. */
  patiently<T> (milliseconds: number, action: () => T | PromiseLike<T>): Promise<T>
}

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
          if (error instanceof AuthtokenError || isConstraintViolation(error)) throw error
          if (!isBusy(error) || performance.now() > deadline) throw unavailable(error)
          await sleep(5 + Math.random() * 20)
        }
      }
    }
  }
}

export const isBusy = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_BUSY')

/** Why a file can not be used, in one line. */
export function reason (error: unknown): string {
  const name = Object.keys(REASONS).find((prefix) => codeOf(error).startsWith(prefix))
  return name === undefined ? `can not be used: ${(error as Error).message}` : REASONS[name] as string
}

const REASONS: Record<string, string> = {
  ENOENT: 'can not be made: its folder does not exist',
  EACCES: 'can not be made: its folder is not writable',
  EROFS: 'can not be made: the file system is read-only',
  ENOTDIR: 'can not be made: its folder is not a folder',
  SQLITE_NOTADB: 'is not an SQLite database',
  SQLITE_CORRUPT: 'is a corrupt SQLite database; restore it from a backup',
  SQLITE_CANTOPEN: 'can not be opened; it must exist ("authtoken migrate" makes it) and be a file ' +
    'that this user may read and write, in a folder that this user may write',
  SQLITE_READONLY: 'is read-only; this user must be able to write it and its folder',
  SQLITE_FULL: 'can not grow: the disk is full'
}
