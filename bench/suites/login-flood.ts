import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { login, send } from '../load/http-client.js'
import { comeFirst } from '../machine/realtime-priority.js'
import type { FloodCommand, FloodCounts, FloodEvent } from '../load/login-flood-process.js'
import { withFolder } from '../machine/temporary-folder.js'
import { type Load, startLoad } from '../load/steady-load.js'
import type { Report } from '../report/report.js'
import { runCommand, startService } from '../machine/service-process.js'
import { median, quantile, round } from '../../test/support/statistics.js'

const TARGET_RATIO = 2
const QUEUE = 200
const AT_ONCE = 260
const ROUNDS = 7
const WINDOW_MS = 6_000
const SETTLE_MS = 1_000
const ANSWER_TIMEOUT_MS = 120_000
const CONNECTIONS = 10
const RATE = 200

const USERNAME = 'root'
const PASSWORD = 'bench-pass-quartz-1'

/** Latencies of token checks in one round, in milliseconds, and what became of the logins. */
interface Round {
  without: number[]
  arrival: number[]
  during: number[]
  counts: FloodCounts
}

/** Whether token checks stay fast, and no login is lost, while as many logins wait as the queue holds. */
export async function loginFlood (): Promise<Report> {
  const { rounds, condition } = await withFolder(async (folder) => {
    const settings = { DATABASE_URL: `file:${join(folder, 'flood.db')}`, PASSWORD_QUEUE: String(QUEUE) }
    await runCommand(['migrate'], settings)
    await runCommand(['createsuperuser', '--noinput', '--username', USERNAME], { ...settings, AUTHTOKEN_PASSWORD: PASSWORD })
    const service = await startService(folder, settings)
    try {
      return await measure(service.port)
    } finally {
      await service.stop()
    }
  })
  return judge(rounds, condition)
}

async function measure (port: number): Promise<{ rounds: Round[], condition: string }> {
  const token = await findToken(port)
  const load = startLoad({ port, path: '/users/me/', token, connections: CONNECTIONS, rate: RATE })
  const flooder = fork(join(import.meta.dirname, '../load/login-flood-process.ts'))
  const kill = () => { flooder.kill('SIGKILL') }
  process.once('exit', kill)
  const first = comeFirst()
  try {
    await sleep(SETTLE_MS)
    const rounds: Round[] = []
    for (let i = 0; i < ROUNDS; i++) {
      rounds.push(await measureRound(load, flooder, {
        do: 'start', port, username: USERNAME, password: PASSWORD, token, atOnce: AT_ONCE, queue: QUEUE
      }))
    }
    return { rounds, condition: first.condition }
  } finally {
    first.end()
    await load.stop()
    flooder.disconnect()
    process.off('exit', kill)
  }
}

/** Logs in once, which also makes the service time its hashes. */
async function findToken (port: number): Promise<string> {
  const agent = new Agent()
  const { status, body } = await send(agent, port, login(USERNAME, PASSWORD))
  if (status !== 200) throw new Error(`The first login was answered ${status} ${body}`)
  return JSON.parse(body).token
}

async function measureRound (load: Load, flooder: ChildProcess, start: FloodCommand): Promise<Round> {
  await sleep(SETTLE_MS)
  load.take()
  await sleep(WINDOW_MS)
  const without = load.take()

  const full = next(flooder, 'full')
  flooder.send(start)
  await full
  const arrival = load.take()
  await sleep(WINDOW_MS)
  const during = load.take()

  const answered = next(flooder, 'answered')
  flooder.send({ do: 'stop' } satisfies FloodCommand)
  const { sent, accepted, refused, other, fewestWaiting } = await answered
  return { without, arrival, during, counts: { sent, accepted, refused, other, fewestWaiting } }
}

async function next<Name extends FloodEvent['event']> (flooder: ChildProcess, name: Name): Promise<Extract<FloodEvent, { event: Name }>> {
  const [message] = await once(flooder, 'message', { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }) as [FloodEvent]
  if (message.event !== name) throw new Error(`The flood said ${message.event} instead of ${name}`)
  return message as Extract<FloodEvent, { event: Name }>
}

function judge (rounds: Round[], condition: string): Report {
  const rows = rounds.map(({ without, arrival, during, counts }, i) => ({
    round: i + 1,
    'p50 without': round(quantile(without, 0.5)),
    'p50 with': round(quantile(during, 0.5)),
    'p99 without': round(quantile(without, 0.99)),
    'p99 with': round(quantile(during, 0.99)),
    'p99 ratio': round(quantile(during, 0.99) / quantile(without, 0.99)),
    'worst on arrival': round(Math.max(...arrival)),
    'logins 200': counts.accepted,
    'logins 503': counts.refused,
    'logins lost': counts.sent - counts.accepted - counts.refused,
    'fewest waiting': counts.fewestWaiting
  }))
  const ratio = median(rows.map((row) => row['p99 ratio']))
  const lost = rounds.flatMap(({ counts }) => Object.entries(counts.other).map(([answer, times]) => `${times} × ${answer}`))
  const isRefused = rounds.every(({ counts }) => counts.accepted > 0 && counts.refused >= AT_ONCE - QUEUE - 4)
  const isFull = rounds.every(({ counts }) => counts.fewestWaiting >= QUEUE)
  return {
    target: `p99 of GET /users/me/ at most ${TARGET_RATIO} times as long while ${QUEUE} logins are queued (median of ${ROUNDS} ` +
      'rounds); logins past the queue\'s bound get 503 with Retry-After; every other login gets 200 with its token',
    met: ratio <= TARGET_RATIO && lost.length === 0 && isRefused && isFull,
    verdict: [
      `p99 × ${ratio.toFixed(2)}`,
      lost.length === 0 ? 'no login lost' : `logins with another answer: ${lost.join('; ')}`,
      isRefused ? 'logins past the bound got 503 with Retry-After' : 'the queue did not refuse what was past its bound',
      ...(isFull ? [] : [`fewer than ${QUEUE} logins were waiting at times`])
    ].join('; '),
    conditions: [
      `GET /users/me/: ${RATE} a second in all over ${CONNECTIONS} connections, by the clock, in windows of ${WINDOW_MS / 1000} s ` +
        `without and with the flood in turn; milliseconds; ${condition}`,
      `Logins: ${AT_ONCE} at once from another process, then one for each that is answered 200, so that the queue stays full. The ` +
        'window begins when the queue is full; "worst on arrival" is the slowest check before that'
    ],
    rows
  }
}
