import cluster, { type Worker } from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import type { Settings } from './settings.js'
import { defaultConcurrency } from '../passwords/hashing-queue.js'

// What a terminal or a supervisor sends to all processes of a group at once.
const GROUP_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
const SHORT_LIFE_MS = 30_000

/** Whether this process is none of the workers. */
export const { isPrimary } = cluster

/**
 * Runs `serve` in `WORKERS` processes that share the port, and puts another in the place of each that ends. The first one starts
 * alone: it migrates, and if it can't listen it says why, and nothing else starts.
 * Told to stop, or dead, the primary lets go of the channels to the workers; that tells them to stop (`runWorker`).
 * @returns once the first one listens
 */
export async function startWorkers (settings: Settings, closeTimeoutMs: number): Promise<void> {
  const log = pino({ level: settings.LOG_LEVEL })
  const running = new Set<Worker>()
  const stopping = new AbortController()
  const places: Array<Promise<void>> = []
  let listens = false
  let failed = false

  async function keepPlace (): Promise<void> {
    let pauseMs = 0
    while (!stopping.signal.aborted) {
      const startedAt = performance.now()
      const worker = cluster.fork({
        PASSWORD_CONCURRENCY: String(settings.PASSWORD_CONCURRENCY ?? defaultConcurrency(settings.WORKERS)),
        ...(listens && { MIGRATE: 'false' })
      })
      running.add(worker)
      const end = await endOf(worker)
      running.delete(worker)
      if (stopping.signal.aborted) {
        failed ||= end.code === 1
        return
      }
      const fields = { worker: worker.process.pid, ...end }
      if (!listens) {
        // One that exits by itself has said why.
        if (end.code === null) log.fatal(fields, 'the first worker ended before it listened')
        process.exit(1)
      }
      pauseMs = performance.now() - startedAt > SHORT_LIFE_MS ? 0 : Math.min(LONGEST_PAUSE_MS, pauseMs * 2 || FIRST_PAUSE_MS)
      log.error({ ...fields, pauseMs }, 'a worker ended; another takes its place')
      await sleep(pauseMs, undefined, stopping).catch(() => {})
    }
  }

  const kill = (): void => { for (const worker of running) worker.process.kill('SIGKILL') }
  closeWithGrace({ delay: closeTimeoutMs * 1.5, logger: log, onSecondSignal: kill, onTimeout: kill }, async ({ err }) => {
    if (err !== undefined) log.error(err, 'stopped by an error')
    stopping.abort()
    for (const worker of running) worker.process.disconnect()
    await Promise.all(places)
    if (failed) throw new Error('a worker did not stop as it should')
  })

  places.push(keepPlace())
  await new Promise((resolve) => { cluster.once('listening', resolve) })
  listens = true
  while (places.length < settings.WORKERS) places.push(keepPlace())
}

// One that could not even start has an error and no exit; of another, that can't be written to, the exit follows.
const endOf = (worker: Worker) => new Promise<{ code: number | null, signal?: string, error?: string }>((resolve) => {
  worker.once('exit', (code: number | null, signal) => resolve({ code, ...(code === null && { signal }) }))
  worker.on('error', ({ message }) => { if (worker.process.pid === undefined) resolve({ code: null, error: message }) })
})

/**
 * Runs the service in a worker, until it is told to stop, or its primary is gone.
 * @param serve starts the service, which leaves these signals alone; returns how to stop it
 */
export async function runWorker (serve: (skip: Array<typeof GROUP_SIGNALS[number]>) => Promise<() => void>): Promise<void> {
  const worker = cluster.worker as Worker
  let close: () => void
  try {
    close = await serve([...GROUP_SIGNALS])
  } catch (error) {
    // The channel to the primary would keep the process.
    process.channel?.unref()
    throw error
  }
  let isEnding = false
  const end = (): void => {
    if (!isEnding) close()
    isEnding = true
  }
  for (const signal of GROUP_SIGNALS) process.on(signal, end)
  // A primary that is gone can't be written to.
  worker.on('error', end)
  worker.once('disconnect', () => {
    // Node would end the process on the spot.
    worker.exitedAfterDisconnect = true
    end()
  })
}
