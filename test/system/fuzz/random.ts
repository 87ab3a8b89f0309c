/** Chance that can be had again: the same seed gives the same choices. */
export type Random = ReturnType<typeof createRandom>

/** @param seed any whole number */
export function createRandom (seed: number) {
  let state = seed >>> 0

  // Mulberry32.
  function next (): number {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  const int = (below: number): number => Math.floor(next() * below)

  return {
    /** A whole number from 0, below the limit. */
    int,
    /** True that often, from 0 to 1. */
    chance: (share: number): boolean => next() < share,
    /** One of the list. */
    pick: <T>(list: readonly T[]): T => list[int(list.length)] as T,
    /** Random bytes. */
    bytes: (count: number): Buffer => Buffer.from(Array.from({ length: count }, () => int(256)))
  }
}

/** Chance of its own for one request of a run, whatever order the requests are sent in. */
export const randomOf = (seed: number, index: number): Random => createRandom(seed + Math.imul(index, 0x9e3779b1))
