import type SQLite from 'better-sqlite3'

/** How long what was read of the file is good within one turn of the event loop, in milliseconds. */
export const GATE_MS = 1

export type SharedRead = ReturnType<typeof createSharedRead>

type Values = Record<string, unknown> | undefined

/**
 * Lets the look-ups of one turn of the event loop, for 1 ms at most, read in one transaction: the locks of the file cost
 * more than a look-up. Who looks up the same meanwhile shares the answer. Until that is allowed, each reads by itself.
 */
export function createSharedRead (client: SQLite.Database) {
  const begin = client.prepare('begin')
  const commit = client.prepare('commit')
  let isAllowed = false
  let current: object | null = null
  let begunAt = 0

  function end (): void {
    if (current === null) return
    current = null
    // An error may have ended it already.
    if (client.open && client.inTransaction) commit.run()
  }

  function ensure (): object {
    const now = performance.now()
    if (current !== null && now - begunAt < GATE_MS) return current
    end()
    begin.run()
    current = {}
    begunAt = now
    setImmediate(end)
    return current
  }

  return {
    /** Ends it: before anything else is done with the connection. */
    end,

    /** On a connection that nobody else uses, to a file with a write-ahead log: without one, readers hold up who writes. */
    allow (): void { isAllowed = client.pragma('journal_mode', { simple: true }) === 'wal' },

    /** Makes a look-up read in it. */
    share<Row> (lookUp: (values: Values) => Row): (values: Values) => Row {
      const answers = new Map<unknown, { values: Values, row: Row }>()
      let answeredIn: object | null = null

      return (values) => {
        if (!isAllowed) return lookUp(values)
        try {
          const read = ensure()
          if (read !== answeredIn) answers.clear()
          answeredIn = read
          const key = lastOf(values)
          const answer = answers.get(key)
          if (answer !== undefined && areSame(answer.values, values)) return answer.row
          const row = lookUp(values)
          answers.set(key, { values, row })
          return row
        } catch (error) {
          end()
          throw error
        }
      }
    }
  }
}

function lastOf (values: Values): unknown {
  let last: unknown
  for (const name in values) last = values[name]
  return last
}

function areSame (some: Values, others: Values): boolean {
  for (const name in others) if (some?.[name] !== others[name]) return false
  return true
}
