import { LRUCache } from 'lru-cache'
import type { Change } from '../database/changes.js'

/**
 * Numbers changes, so that what was read before one is known to be outdated, at the same cost for any number of answers.
 * @param max users and digests whose last change is remembered: what is older than those forgotten counts as outdated
 */
export function createGenerations (max = 10_000) {
  let current = 0
  let floor = 0
  const changed = new LRUCache<string, number>({
    max,
    dispose (generation, _key, reason) { if (reason === 'evict') floor = Math.max(floor, generation) }
  })

  return {
    get current (): number { return current },

    onChange (change: Change): void {
      current++
      if (change === 'all') floor = current
      else changed.set('user' in change ? change.user : change.digest, current)
    },

    /** Whether what was asked about a digest at a generation may be another by now. @param user whose token it is, if anybody's */
    isOutdated: (generation: number, digest: string, user?: string): boolean =>
      generation < floor || generation < (changed.peek(digest) ?? 0) || (user !== undefined && generation < (changed.peek(user) ?? 0))
  }
}
