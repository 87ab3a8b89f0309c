import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Authtoken, openAuthtoken } from '../../src/open-authtoken.js'
import { rateOfWhoAmI } from '../load/autocannon.js'
import { startPostgres } from '../../test/support/postgres/server.js'
import { withFolder } from '../machine/temporary-folder.js'
import type { Report } from '../report/report.js'
import { startService } from '../machine/service-process.js'
import { median } from '../../test/support/statistics.js'

const TOKENS = 100_000
const ROUND_MS = 2_000
const ROUNDS = 5
const CONNECTIONS = 50

/**
 * What one node and one PostgreSQL carry: the figures that docs/deploy.md reckons with.
 */
export async function capacity (): Promise<Report> {
  const postgres = await startPostgres({ durable: true })
  try {
    const url = postgres.url()
    const rows = [...await withFolder((folder) => overHttp(url, folder)), ...await inProcess(url)]
    return {
      target: 'none: these are figures to reckon with',
      met: true,
      verdict: `${rows.length} figures`,
      conditions: [`PostgreSQL on the same machine, ${TOKENS} users with a DRF token each; medians of ${ROUNDS} rounds of ` +
        `${ROUND_MS / 1000} s; over HTTP the load comes from the same machine, over ${CONNECTIONS} connections`],
      rows
    }
  } finally {
    await postgres.stop()
  }
}

type Row = Record<string, string | number>

const perSecond = (what: string, values: number[]): Row => ({ figure: what, value: Math.round(median(values)), unit: 'a second' })

async function fill (url: string): Promise<string[]> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(`insert into auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
    select '!', false, 'user' || i, '', '', '', false, true, now() from generate_series(1, $1) i`, [TOKENS])
  await client.query('insert into authtoken_token (key, created, user_id) select md5(id::text) || md5(id::text)::varchar(8), now(), ' +
    'id from auth_user')
  await client.query('analyze')
  const { rows } = await client.query('select key from authtoken_token')
  await client.end()
  return rows.map(({ key }) => key)
}

async function overHttp (url: string, folder: string): Promise<Row[]> {
  const rows = []
  for (const [what, CACHE_SIZE] of [['GET /users/me/, remembered', '100000'], ['GET /users/me/, asked each time', '0']] as const) {
    const service = await startService(folder, { DATABASE_URL: url, MIGRATE: 'true', LOG_LEVEL: 'info', CACHE_SIZE })
    try {
      keys ??= await fill(url)
      const values = []
      for (let round = 0; round <= ROUNDS; round++) {
        const rate = await rateOfWhoAmI({
          port: service.port,
          token: keys[round] as string,
          connections: CONNECTIONS,
          seconds: ROUND_MS / 1000
        })
        if (round > 0) values.push(rate)
      }
      rows.push(perSecond(what, values))
    } finally {
      await service.stop()
    }
  }
  return rows
}

let keys: string[] | undefined

async function inProcess (url: string): Promise<Row[]> {
  const all = keys as string[]
  const bare = await openAuthtoken({ database: url, cache: { size: 0 } })
  const asked = []
  for (let round = 0; round < ROUNDS; round++) asked.push(await rate(bare, all, CONNECTIONS))
  await bare.close()

  const authtoken = await openAuthtoken({ database: url })
  await authtoken.authenticator.authenticate(all[0] as string)
  while (authtoken.authenticator.statistics.watch !== 'live') await sleep(10)
  global.gc?.()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < all.length; i += CONNECTIONS) await Promise.all(all.slice(i, i + CONNECTIONS).map((key) => authtoken.authenticator.authenticate(key)))
  global.gc?.()
  const bytes = (process.memoryUsage().heapUsed - before) / authtoken.authenticator.statistics.size
  const remembered = []
  for (let round = 0; round < ROUNDS; round++) remembered.push(await rate(authtoken, all, 1))

  const client = new pg.Client(url)
  await client.connect()
  const start = performance.now()
  await client.query('delete from authtoken_token where user_id > 10')
  const committed = performance.now()
  while (authtoken.authenticator.statistics.size > 10) await sleep(1)
  const heard = performance.now()
  await client.end()
  await authtoken.close()
  return [
    perSecond('tokens looked up by one process, remembered', remembered),
    perSecond('tokens looked up by one process, asked each time', asked),
    {
      figure: 'revocations in one statement that one node takes in',
      value: Math.round(all.length / (heard - start) * 1000),
      unit: 'a second'
    },
    { figure: `after COMMIT of ${all.length} revocations the last is heard`, value: Math.round(heard - committed), unit: 'ms later' },
    { figure: 'memory of a remembered token', value: Math.round(bytes), unit: 'bytes' }
  ]
}

/** Tokens looked up a second, so many at once. */
async function rate ({ authenticator }: Authtoken, all: string[], width: number): Promise<number> {
  const end = performance.now() + ROUND_MS
  let count = 0
  const ask = async (from: number) => {
    for (let i = from; performance.now() < end; i = (i + width) % all.length) {
      const identity = authenticator.authenticate(all[i] as string)
      if (identity instanceof Promise) await identity
      count++
    }
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: width }, (_, i) => ask(i)))
  return count / (performance.now() - start) * 1000
}
