import type { Answer } from './client.js'
import type { Operation } from './ledger.js'

/** Counts of answers by phase, operation and status. */
export type Tally = ReturnType<typeof createTally>

/** Empty counts. */
export function createTally () {
  const phases = new Map<string, Map<Operation, Map<Answer['status'], number>>>()
  let phase = ''

  return {
    /** What is counted from now on belongs to this phase. @returns its name */
    enter (name: string): void { phase = name },

    /** The phase now; a request belongs to the one in which it was sent. */
    get phase () { return phase },

    count (phase: string, operation: Operation, status: Answer['status']): void {
      const operations = phases.get(phase) ?? new Map<Operation, Map<Answer['status'], number>>()
      const statuses = operations.get(operation) ?? new Map<Answer['status'], number>()
      phases.set(phase, operations.set(operation, statuses.set(status, (statuses.get(status) ?? 0) + 1)))
    },

    /** A line a phase. */
    lines: (): string[] => [...phases].map(([name, operations]) =>
      `${name}: ${[...operations].map(([operation, statuses]) => `${operation} ${[...statuses].map(([status, count]) => `${status}×${count}`).join(' ')}`).join(', ')}`),

    /** How many requests were counted. */
    total: (): number => [...phases.values()].flatMap((operations) => [...operations.values()].flatMap((statuses) => [...statuses.values()]))
      .reduce((sum, count) => sum + count, 0)
  }
}
