import { availableParallelism } from 'node:os'
import type { Piscina } from 'piscina'
import { LoginQueueFull, retryAfter } from '../errors.js'
import { withDefaults } from '../options/option-groups.js'
import { type PasswordOptions, passwordOptions } from '../options/password-options.js'
import type { HasherName } from './hashers/index.js'
import type { HashingResult, HashingTask } from './hashing-worker.js'

/** Computes password hashes off the event loop, a few at a time. */
export type HashingQueue = ReturnType<typeof createHashingQueue>

/** How many passwords a process hashes at once by default. @param processes that share the machine's cores */
export const defaultConcurrency = (processes = 1): number =>
  Math.min(4, Math.max(1, Math.floor((availableParallelism() - 1) / processes)))

type Pool = Piscina<HashingTask, HashingResult>

// A token check that comes in takes the core at once. Elsewhere than on Linux a priority is the whole process's.
const LOW_PRIORITY = process.platform === 'linux' ? { niceIncrement: 19 } : {}
const IDLE_MS = 60_000
// Linux may leave its core to a thread that only computes until the next tick of the kernel, up to 4 ms later, although one of
// a higher priority waits. A timer of the one that waits makes it look again sooner.
const WAKE_UP_MS = 1
// From source the worker is TypeScript too: tsx is loaded into it, and nothing else that the process was started with.
const IS_SOURCE = import.meta.url.endsWith('.ts')
const WORKER = {
  filename: new URL(`hashing-worker.${IS_SOURCE ? 'ts' : 'js'}`, import.meta.url).href,
  ...(IS_SOURCE && { execArgv: ['--import', import.meta.resolve('tsx')], env: {} })
}

/** A bounded queue for password hashes, in front of threads that are started when the first hash is due. */
export function createHashingQueue (options: PasswordOptions = {}) {
  const { concurrency = defaultConcurrency(), size } = withDefaults(passwordOptions, options)
  let starting: Promise<Pool> | undefined
  let pool: Pool | undefined
  // Piscina does not tell when its last task ends.
  let unfinished = 0
  let wakeUp: NodeJS.Timeout | undefined
  // Piscina's own average takes 0.3 ms to read: too long for each refusal of a flood.
  let averageMs = 100

  return {
    /** Spares what comes before the hash. @throws LoginQueueFull where `size` are waiting already */
    refuseIfFull,

    /** Hashes a new password. @throws LoginQueueFull */
    encode: async (hasher: HasherName, password: string): Promise<string> =>
      (await run({ encode: hasher, password })).result as string,

    /** Compares a password with a hash: `matches` is null where the hash can't be computed. @throws LoginQueueFull */
    async verify (encoded: string, password: string): Promise<{ matches: boolean | null, ms: number }> {
      const { result, ms } = await run({ verify: encoded, password })
      return { matches: result as boolean | null, ms }
    },

    close: async (): Promise<void> => { await (await starting)?.destroy() }
  }

  function refuseIfFull (): void {
    if (pool === undefined || pool.queueSize < size) return
    throw retryAfter(new LoginQueueFull(), (pool.queueSize * averageMs) / concurrency / 1000)
  }

  async function run (task: HashingTask): Promise<HashingResult> {
    if (unfinished++ === 0) wakeUp = setInterval(() => {}, WAKE_UP_MS)
    try {
      const threads = await (starting ??= start())
      refuseIfFull()
      const result = await threads.run(task)
      averageMs = averageMs * 0.9 + result.ms * 0.1
      return result
    } finally {
      if (--unfinished === 0) clearInterval(wakeUp)
    }
  }

  async function start (): Promise<Pool> {
    const { Piscina } = await import('piscina')
    pool = new Piscina({ ...WORKER, minThreads: 1, maxThreads: concurrency, idleTimeout: IDLE_MS, ...LOW_PRIORITY })
    return pool
  }
}
