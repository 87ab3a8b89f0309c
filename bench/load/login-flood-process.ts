import { once } from 'node:events'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { login, send } from './http-client.js'

/** What the flood is told to do. */
export type FloodCommand =
  | { do: 'start', port: number, username: string, password: string, token: string, atOnce: number, queue: number }
  | { do: 'stop' }

/** What it says: the queue is full, or every login is answered. */
export type FloodEvent = { event: 'full' } | ({ event: 'answered' } & FloodCounts)

/** What became of the logins. */
export interface FloodCounts {
  sent: number
  /** Answered 200 with the right token. */
  accepted: number
  /** Answered 503 with `Retry-After`. */
  refused: number
  /** Anything else: each kind of answer and how often it came. */
  other: Record<string, number>
  /** The fewest logins that were on their way while the flood was on. */
  fewestWaiting: number
}

type Start = Extract<FloodCommand, { do: 'start' }>

const FULL_TIMEOUT_MS = 20_000
// Logins whose hash is being computed wait no more.
const MOST_AT_ONCE = 4

/** A flood that is on. */
function startFlood ({ port, username, password, token, atOnce, queue }: Start) {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  const counts: FloodCounts = { sent: 0, accepted: 0, refused: 0, other: {}, fewestWaiting: Infinity }
  const waiting = new Set<Promise<void>>()
  let on = true
  let full = false

  function add (logins: number): void {
    for (let i = 0; i < logins; i++) {
      counts.sent++
      const answered: Promise<void> = attempt().then((accepted) => {
        waiting.delete(answered)
        // It takes the place that was left: the queue stays full.
        if (on && accepted) add(1)
        if (on && full) counts.fewestWaiting = Math.min(counts.fewestWaiting, waiting.size)
      })
      waiting.add(answered)
    }
  }

  async function attempt (): Promise<boolean> {
    let outcome: string
    try {
      const { status, headers, body } = await send(agent, port, login(username, password))
      if (status === 200 && JSON.parse(body).token === token) {
        counts.accepted++
        return true
      }
      if (status === 503 && /^[1-9]\d*$/.test(String(headers['retry-after']))) {
        counts.refused++
        return false
      }
      outcome = `${status} ${body.replace(token, '<token>').slice(0, 100)}`
    } catch (error) {
      outcome = (error as Error).message
    }
    counts.other[outcome] = (counts.other[outcome] ?? 0) + 1
    return false
  }

  add(atOnce)
  return {
    /** Resolves when the logins past the bound were refused, so that what is left is the queue. */
    async whenFull (): Promise<void> {
      const deadline = performance.now() + FULL_TIMEOUT_MS
      while (counts.refused < atOnce - queue - MOST_AT_ONCE && performance.now() < deadline) await sleep(5)
      full = true
    },
    /** Sends no more, and waits for every answer. */
    async stop (): Promise<FloodCounts> {
      on = false
      while (waiting.size > 0) await Promise.all(waiting)
      agent.destroy()
      return counts
    }
  }
}

const say = (event: FloodEvent) => { process.send?.(event) }

process.once('disconnect', () => process.exit())

while (true) {
  const [command] = await once(process, 'message') as [FloodCommand]
  if (command.do !== 'start') continue
  const flood = startFlood(command)
  await flood.whenFull()
  say({ event: 'full' })
  await once(process, 'message')
  say({ event: 'answered', ...await flood.stop() })
}
