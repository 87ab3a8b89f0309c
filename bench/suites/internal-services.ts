import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { openAuthtoken } from '../../src/open-authtoken.js'
import authtoken, { remote } from '../../src/remote.js'
import { withFolder } from '../machine/temporary-folder.js'
import type { Report } from '../report/report.js'
import type { SendCommand } from '../load/sender-process.js'
import { startService } from '../machine/service-process.js'
import { median, round } from '../../test/support/statistics.js'

const USERS = 1_000
// Of those, for the applications: each is asked about again every 5 seconds, and a round is a fraction of that.
const CALLERS = 100
const BATCH = 100
const CONNECTIONS = 8
const WARM_UP_ROUNDS = 2
const ROUND_MS = 500
const LEAST_SINGLE = 1_000
const LEAST_BATCHED = 20_000
const LEAST_RATIO = 0.7

/**
 * What verification costs where it is another process's: introspections a second at the service, and requests a second of an
 * application in remote mode.
 * @param options.count rounds
 */
export async function internalServices ({ count }: { count: number }): Promise<Report> {
  return await withFolder(async (folder) => {
    const settings = { DATABASE_URL: `file:${join(folder, 'bench.db')}` }
    const { own, keys } = await populate(settings.DATABASE_URL)
    const service = await startService(folder, settings)
    const sender = fork(join(import.meta.dirname, '../load/sender-process.ts'), { execArgv: ['--import', 'tsx'] })
    const kill = () => { sender.kill('SIGKILL') }
    process.once('exit', kill)
    const [open, protectedApp] = [await listen(), await listen({ url: `http://127.0.0.1:${service.port}`, token: own })]
    try {
      const single = post('/introspect', own, 'application/x-www-form-urlencoded')
      const batch = post('/introspect/batch', own, 'application/json')
      const get = (key: string) => `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token ${key}\r\n\r\n`
      const sides = {
        single: { port: service.port, requests: keys.map((key) => single(`token=${key}`)), each: 1 },
        batched: {
          port: service.port,
          requests: batchesOf(keys).map((tokens) => batch(JSON.stringify({ tokens, identity: true }))),
          each: BATCH
        },
        none: { port: portOf(open), requests: keys.slice(0, CALLERS).map(get), each: 1 },
        remote: { port: portOf(protectedApp), requests: keys.slice(0, CALLERS).map(get), each: 1 }
      }
      const rates: Record<keyof typeof sides, number[]> = { single: [], batched: [], none: [], remote: [] }
      for (let round = -WARM_UP_ROUNDS; round < count; round++) {
        for (const [name, { port, requests, each }] of Object.entries(sides)) {
          const before = process.cpuUsage()
          const done = await send(sender, { port, requests, connections: CONNECTIONS, milliseconds: ROUND_MS })
          const { user, system } = process.cpuUsage(before)
          // What is this process's work counts by the processor's seconds, since others may use it too.
          const seconds = port === service.port ? ROUND_MS / 1_000 : (user + system) / 1_000_000
          if (round >= 0) rates[name as keyof typeof sides].push(done * each / seconds)
        }
      }
      return judge(rates, count)
    } finally {
      process.off('exit', kill)
      kill()
      for (const app of [protectedApp, open]) await app.close()
      await service.stop()
    }
  })
}

async function populate (database: string): Promise<{ own: string, keys: string[] }> {
  const { users, tokens, close } = await openAuthtoken({ database, migrate: true })
  const keys = []
  for (let i = 0; i < USERS; i++) {
    const user = await users.create({ username: `user${i}`, password: null }, { validate: false })
    keys.push((await tokens.create(user)).key)
  }
  const admin = await users.create({ username: 'admin', password: null, isSuperuser: true }, { validate: false })
  const own = (await tokens.create(admin, { scope: 'introspect' })).key
  await close()
  return { own, keys }
}

/** An application, in this process: with a route that needs a token of the service, or one that needs none. */
async function listen (service?: { url: string, token: string }): Promise<FastifyInstance> {
  const app = Fastify()
  if (service !== undefined) await app.register(authtoken, { authenticator: remote(service), defaultPermission: 'isAuthenticated' })
  app.get('/', async () => ({ hello: 'world' }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app
}

const portOf = (app: FastifyInstance): number => (app.server.address() as AddressInfo).port

const post = (path: string, token: string, type: string) => (body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token ${token}\r\nContent-Type: ${type}\r\nContent-Length: ` +
    `${Buffer.byteLength(body)}\r\n\r\n${body}`

const batchesOf = (keys: string[]): string[][] =>
  Array.from({ length: Math.ceil(keys.length / BATCH) }, (_, i) => keys.slice(i * BATCH, (i + 1) * BATCH))

/** @returns how many were answered 200 */
async function send (sender: ChildProcess, command: SendCommand): Promise<number> {
  sender.send(command)
  const [answer] = await once(sender, 'message', { signal: AbortSignal.timeout(60_000) }) as [{ done: number } | { failed: string }]
  if ('failed' in answer) throw new Error(answer.failed)
  return answer.done
}

function judge (rates: Record<'single' | 'batched' | 'none' | 'remote', number[]>, count: number): Report {
  const ratio = round(median(rates.remote.map((rate, i) => rate / (rates.none[i] as number))))
  const row = (what: string, values: number[]) => ({
    what,
    'a second': Math.round(median(values)),
    least: Math.round(Math.min(...values)),
    most: Math.round(Math.max(...values))
  })
  const [single, batched] = [median(rates.single), median(rates.batched)]
  return {
    target: `at least ${LEAST_SINGLE} introspections a second, ${LEAST_BATCHED} in batches of ${BATCH}; a route in remote mode at ` +
      `least ${LEAST_RATIO} of the same route without authentication`,
    met: single >= LEAST_SINGLE && batched >= LEAST_BATCHED && ratio >= LEAST_RATIO,
    verdict: `${Math.round(single)} and ${Math.round(batched)} introspections a second; ${ratio.toFixed(3)} of the requests`,
    conditions: [
      `one service process on SQLite, so one core; ${USERS} access tokens in turn, remembered after the first round, and ${CALLERS} ` +
        'of them at the applications; the batches with user and token (identity: true)',
      'an application in remote mode, and one without authentication, in one process, in seconds of the processor; another process ' +
        `sends over ${CONNECTIONS} connections, each the next request as soon as the last is answered, on the same machine`,
      `medians of ${count} rounds of ${ROUND_MS} ms each, in turn, after ${WARM_UP_ROUNDS} that are not counted`
    ],
    rows: [
      row('POST /introspect', rates.single),
      row(`POST /introspect/batch, tokens of ${BATCH} each`, rates.batched),
      row('GET / without authentication', rates.none),
      row('GET / in remote mode', rates.remote)
    ]
  }
}
