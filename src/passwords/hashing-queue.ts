import { availableParallelism } from 'node:os'
import type { Piscina } from 'piscina'
import { LoginQueueFull, retryAfter } from '../errors.js'
import { withDefaults } from '../options/option-groups.js'
import { type PasswordOptions, passwordOptions } from '../options/password-options.js'
import type { HasherName } from './hashers/index.js'
import type { HashingResult, HashingTask } from './hashing-worker.js'

/** Computes password hashes off the event loop, a few at a time. */
export type HashingQueue = ReturnType<typeof createHashingQueue>

/**
 * How many passwords a process hashes at once, where nothing is set.
 * @param processes that share the machine's cores
 */
export const defaultConcurrency = (processes = 1): number => Math.min(4, Math.max(1, Math.floor((availableParallelism() - 1) / processes)))

// A token check that comes in takes the core at once. Elsewhere than on Linux a priority is the whole process's.
const LOW_PRIORITY = process.platform === 'linux' ? { niceIncrement: 19 } : {}
const IDLE_MS = 60_000
// A thread that only computes may keep its core until the kernel's next tick, each 4 ms at 250 Hz, also from one of a higher
// priority that waits for it. A timer of the one that waits lets the kernel look again before.
const BEAT_MS = 1
// From source the worker is TypeScript too. tsx alone compiles it: whatever else the process was started with would be loaded into each thread again.
const IS_SOURCE = import.meta.url.endsWith('.ts')
const WORKER = {
  filename: new URL(`hashing-worker.${IS_SOURCE ? 'ts' : 'js'}`, import.meta.url).href,
  ...(IS_SOURCE && { execArgv: ['--import', import.meta.resolve('tsx')], env: {} })
}

/**
 * A bounded queue for password hashes, in front of threads that are started when the first hash is due.
 * @param options see there
 */
export function createHashingQueue (options: PasswordOptions = {}) {
  const { concurrency = defaultConcurrency(), size } = withDefaults(passwordOptions, options)
  let pool: Promise<Piscina<HashingTask, HashingResult>> | undefined
  let waiting = 0
  let beat: NodeJS.Timeout | undefined
  let averageMs = 100

  function refuseIfFull (): void {
    if (waiting >= size + concurrency) throw retryAfter(new LoginQueueFull(), (waiting * averageMs) / concurrency / 1000)
  }

  async function start (): Promise<Piscina<HashingTask, HashingResult>> {
    const { Piscina } = await import('piscina')
    return new Piscina({ ...WORKER, minThreads: 1, maxThreads: concurrency, idleTimeout: IDLE_MS, ...LOW_PRIORITY })
  }

  async function run (task: HashingTask): Promise<HashingResult> {
    refuseIfFull()
    if (waiting++ === 0) beat = setInterval(() => {}, BEAT_MS)
    try {
      const outcome = await (await (pool ??= start())).run(task)
      averageMs = averageMs * 0.9 + outcome.ms * 0.1
      return outcome
    } finally {
      if (--waiting === 0) clearInterval(beat)
    }
  }

  return {
    /** For what comes before the hash, so that it is not done in vain. @throws LoginQueueFull where `size` are waiting already */
    refuseIfFull,

    /** Hashes a new password. @throws LoginQueueFull where `size` are waiting already */
    encode: async (hasher: HasherName, password: string): Promise<string> => (await run({ encode: hasher, password })).result as string,

    /**
     * Compares a password with a hash.
     * @returns whether it matches, null where the hash can't be computed; and how long it took, in milliseconds
     * @throws LoginQueueFull where `size` are waiting already
     */
    async verify (encoded: string, password: string): Promise<{ matches: boolean | null, ms: number }> {
      const { result, ms } = await run({ verify: encoded, password })
      return { matches: result as boolean | null, ms }
    },

    /** Ends the threads. */
    close: async (): Promise<void> => { await (await pool)?.destroy() }
  }
}
