import type { Changes, Watch } from '../changes.js'
import type { SqliteConnection } from './connection.js'
import { GATE_MS } from './shared-read.js'

export interface SqliteWatch extends Watch {
  /** Runs a statement of ours: what it writes is no news, since whoever wrote it tells of it. */
  ignoreOwnWrites<T> (statement: () => T): T
}

/**
 * Sees what is written to the file: by other connections through `data_version`, which is blind to its own; by a host that
 * shares this one through `total_changes()`. The file is asked once in a turn of the event loop, and again after 1 ms within
 * it: asking at each check would cost as much as the query that is saved. The connection itself is asked each time.
 */
export function watchSqlite ({ client, shared, sharedRead }: SqliteConnection, changes: Changes): SqliteWatch {
  const dataVersion = client.prepare('pragma data_version').pluck()
  const totalChanges = client.prepare('select total_changes()').pluck()
  let lastVersion: unknown
  let lastTotal = shared ? totalChanges.get() : undefined
  let askedAt = -Infinity
  let isSameTurn = false
  const endTurn = (): void => { isSameTurn = false }

  function askFile (now: number): void {
    // Within a transaction the file would have no news.
    sharedRead.end()
    const [version, total] = [dataVersion.get(), shared ? totalChanges.get() : undefined]
    if (version !== lastVersion || total !== lastTotal) changes.emit('all')
    lastVersion = version
    lastTotal = total
    askedAt = now
    if (!isSameTurn) setImmediate(endTurn)
    isSameTurn = true
  }

  return {
    maxAgeMs: Infinity,
    state: 'live',
    poll () {
      // What a transaction of the host's shows may be taken back.
      if (shared && client.inTransaction) return false
      const now = performance.now()
      if (isSameTurn && now - askedAt < GATE_MS && !(shared && totalChanges.get() !== lastTotal)) return true
      try {
        askFile(now)
        return true
      } catch {
        // Locked: the query that follows waits for it.
        return false
      }
    },
    ignoreOwnWrites (statement) {
      if (!shared) return statement()
      const before = totalChanges.get()
      const result = statement()
      if (before === lastTotal) lastTotal = totalChanges.get()
      return result
    }
  }
}
