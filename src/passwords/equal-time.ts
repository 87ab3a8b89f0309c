import { setTimeout as sleep } from 'node:timers/promises'

const REMEMBERED = 9
// Above the median of the slowest form: so its own spread is hidden too.
const MARGIN = 1.25

/** Makes every refused login take as long as one with the slowest form of hash. All times are in milliseconds. */
export function createEqualTime () {
  const durations = new Map<string, number[]>()
  let floorMs = 0

  return {
    hasTimed: (form: string): boolean => durations.has(form),

    record (form: string, ms: number): void {
      const recent = [...durations.get(form) ?? [], ms].slice(-REMEMBERED)
      durations.set(form, recent)
      floorMs = MARGIN * Math.max(...[...durations.values()].map(median))
    },

    /** Waits until the slowest form would have been through. @param spentMs what the hash took already */
    async waitOut (spentMs: number): Promise<void> {
      if (spentMs < floorMs) await sleep(floorMs - spentMs)
    }
  }
}

function median (values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number
}
