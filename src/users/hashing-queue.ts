import { availableParallelism } from 'node:os'
import pLimit from 'p-limit'
import { LoginQueueFull, retryAfter } from '../errors.js'

/** How many passwords are hashed at once, and how many may wait. */
export interface HashingQueueOptions {
  /**
   * Hashes that run at the same time, on libuv's threads. One core is left to token checks where there are two or more.
   * @default the number of cores less one, from 1 to 4
   */
  concurrency?: number
  /**
   * Hashes that may wait; past that a login gets 503 with Retry-After.
   * @default 200
   */
  size?: number
}

/** Runs password hashes off the event loop, a few at a time. */
export type HashingQueue = ReturnType<typeof createHashingQueue>

/** The default of `concurrency`. */
export const defaultConcurrency = (): number => Math.min(4, Math.max(1, availableParallelism() - 1))

/**
 * A bounded queue for password hashes.
 * @param options see there
 */
export function createHashingQueue ({ concurrency = defaultConcurrency(), size = 200 }: HashingQueueOptions = {}) {
  const limit = pLimit(concurrency)
  let averageMs = 100

  function refuseIfFull (): void {
    if (limit.pendingCount >= size) {
      throw retryAfter(new LoginQueueFull(), (limit.pendingCount * averageMs) / concurrency / 1000)
    }
  }

  return {
    /** For what comes before the hash, so that it is not done in vain. @throws LoginQueueFull where `size` are waiting already */
    refuseIfFull,

    /**
     * Runs a hash when its turn comes.
     * @returns its result and how long it took once it ran, in milliseconds
     * @throws LoginQueueFull where `size` are waiting already
     */
    async run<T>(hash: () => Promise<T>): Promise<{ result: T, ms: number }> {
      refuseIfFull()
      return await limit(async () => {
        const start = performance.now()
        const result = await hash()
        const ms = performance.now() - start
        averageMs = averageMs * 0.9 + ms * 0.1
        return { result, ms }
      })
    }
  }
}
