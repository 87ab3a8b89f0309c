import type { Database, Preparable } from '../../src/database/database-interface.js'

/** A database whose answers can be held back after they were read, and whose watch can be lost. */
export type Seams = ReturnType<typeof createSeams>

/**
 * Puts delays where a race is lost most easily: all queries are real, and go to the database that is given.
 * @param database an open database
 */
export function createSeams (database: Database) {
  let held: Promise<void> | undefined
  let isLost = false
  const counts = { asked: 0, read: 0 }

  return {
    /** How many prepared queries were sent; and how many of those that are held back were read. */
    counts,

    /** From now on, answers are held back. @returns lets them go */
    hold (): () => void {
      let release = (): void => {}
      held = new Promise((resolve) => { release = resolve })
      return () => {
        held = undefined
        release()
      }
    },

    /** Whether the watch is lost. */
    lose (lost = true): void { isLost = lost },

    /** For what is to be tested. */
    database: {
      ...database,
      prepareLookUp<Row> (query: Preparable<Row>) {
        const ask = database.prepareLookUp(query)
        return (values?: Record<string, unknown>) => {
          counts.asked++
          const answer = ask(values)
          const gate = held
          if (gate === undefined) return answer
          return (async () => {
            const row = await answer
            counts.read++
            await gate
            return row
          })()
        }
      },
      watch (listener: Parameters<Database['watch']>[0]) {
        const watch = database.watch((change) => { if (!isLost) listener(change) })
        return {
          poll: () => !isLost && watch.poll(),
          maxAgeMs: watch.maxAgeMs,
          get state () { return isLost ? 'lost' as const : watch.state }
        }
      }
    } satisfies Database
  }
}
