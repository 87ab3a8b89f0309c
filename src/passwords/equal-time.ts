import { setTimeout as sleep } from 'node:timers/promises'

const REMEMBERED = 9
const MARGIN = 1.25

/** Makes every failed login take as long as the slowest. */
export type EqualTime = ReturnType<typeof createEqualTime>

/**
 * Keeps how long a hash of each form takes, and holds every refusal back until the slowest form would have been through.
 * The margin above its median hides its own spread too.
 */
export function createEqualTime () {
  const durations = new Map<string, number[]>()
  let floorMs = 0

  return {
    /** Whether hashes of that form were timed yet. */
    knows: (form: string): boolean => durations.has(form),

    /** Remembers how long a hash of that form took, in milliseconds. */
    record (form: string, ms: number): void {
      const recent = [...durations.get(form) ?? [], ms].slice(-REMEMBERED)
      durations.set(form, recent)
      floorMs = MARGIN * Math.max(...[...durations.values()].map(median))
    },

    /** Waits until the floor is reached. @param spentMs what the hash took already */
    async fill (spentMs: number): Promise<void> {
      if (spentMs < floorMs) await sleep(floorMs - spentMs)
    }
  }
}

function median (values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number
}
