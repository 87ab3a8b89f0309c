import type SQLite from 'better-sqlite3'

/** How long what was read of the file is good within one turn of the event loop, in milliseconds. */
export const GATE_MS = 1

/** Reads of one turn of the event loop. */
export type SharedRead = ReturnType<typeof createSharedRead>

/**
 * Lets the look-ups of one turn of the event loop, for 1 ms at most, read in one transaction: the locks of the file cost
 * more than a look-up. Until that is allowed, each reads by itself.
 */
export function createSharedRead (client: SQLite.Database) {
  const begin = client.prepare('begin')
  const commit = client.prepare('commit')
  let isAllowed = false
  let open: object | null = null
  let openedAt = 0

  /** Ends it: before anything else is done with the connection. */
  function end (): void {
    if (open === null) return
    open = null
    // An error may have ended it already.
    if (client.open && client.inTransaction) commit.run()
  }

  function current (): object {
    const now = performance.now()
    if (open !== null && now - openedAt < GATE_MS) return open
    end()
    begin.run()
    open = {}
    openedAt = now
    setImmediate(end)
    return open
  }

  return {
    end,

    /** On a connection that nobody else uses. Only with a write-ahead log: without one, readers hold up who writes, in the same turn too. */
    allow (): void { isAllowed = client.pragma('journal_mode', { simple: true }) === 'wal' },

    /** See `Database.moment`. */
    moment: (): object | null => isAllowed && client.open ? current() : null,

    /** Looks something up in it. */
    read<T> (look: () => T): T {
      if (!isAllowed) return look()
      try {
        current()
        return look()
      } catch (error) {
        end()
        throw error
      }
    }
  }
}
