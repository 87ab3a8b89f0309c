import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openAuthtoken } from '../../src/open-authtoken.js'
import { type Running, startProgram } from '../../test/support/child-program.js'
import { nginx, startProxy } from '../../test/system/proxies/programs.js'
import { freePort, listening } from '../../test/system/proxies/service.js'
import { withFolder } from '../machine/temporary-folder.js'
import { startLoad } from '../load/steady-load.js'
import type { Report } from '../report/report.js'
import { startService } from '../machine/service-process.js'
import { median, quantile, round } from '../../test/support/statistics.js'

const CONNECTIONS = 16
const RATE = 200
const ROUND_MS = 1_500
const WARM_UP_ROUNDS = 2
const MOST_P50_MS = 2
const MOST_P99_MS = 10

// The same nginx, by docs/proxies.md: it asks for all paths but the public ones.
const SIDES = { auth_request: '/orders/1', 'no auth': '/public/1' }

/**
 * What nginx's question to the service costs a request.
 * @param options.count rounds
 */
export async function proxies ({ count }: { count: number }): Promise<Report> {
  const latencies = await withFolder((folder) => measure(folder, count))
  const rows = [...latencies].map(([side, rounds]) => ({
    side,
    requests: rounds.flat().length,
    'p50, ms': round(quantile(rounds.flat(), 0.5)),
    'p99, ms': round(quantile(rounds.flat(), 0.99)),
    'median of the p99 of rounds, ms': round(median(rounds.map((values) => quantile(values, 0.99))))
  }))
  const added = (column: 'p50, ms' | 'p99, ms') => round((rows[0]?.[column] ?? NaN) - (rows[1]?.[column] ?? NaN))
  const [p50, p99] = [added('p50, ms'), added('p99, ms')]
  return {
    target: `auth_request adds at most ${MOST_P50_MS} ms at p50 and ${MOST_P99_MS} ms at p99`,
    met: p50 <= MOST_P50_MS && p99 <= MOST_P99_MS,
    verdict: `it adds ${p50} ms and ${p99} ms`,
    conditions: [
      'nginx with one worker as docs/proxies.md configures it, an nginx that answers 2 bytes behind it, one service on SQLite that ' +
        'remembers the token; they and the load on the same machine',
      `${RATE} requests a second over ${CONNECTIONS} connections, by the clock; ${count} rounds of ${ROUND_MS} ms a side, the sides ` +
        `in turn, whoever is first by turns; before them ${WARM_UP_ROUNDS} that are not counted`
    ],
    rows
  }
}

async function measure (folder: string, count: number): Promise<Map<string, number[][]>> {
  const database = `file:${join(folder, 'authtoken.db')}`
  const token = await makeToken(database)
  const stops: Array<() => Promise<void>> = []
  try {
    const service = await startService(folder, { DATABASE_URL: database })
    stops.push(service.stop)
    const [backend, proxy] = [await freePort(), await freePort()]
    stops.push((await startBackend(folder, backend)).stop)
    stops.push((await startProxy(nginx, { service: service.port, backend, proxy }, join(folder, 'proxy'))).stop)
    const sides = Object.entries(SIDES)
    const latencies = new Map(sides.map(([side]) => [side, [] as number[][]]))
    for (let turn = -WARM_UP_ROUNDS; turn < count; turn++) {
      for (const [side, path] of turn % 2 === 0 ? sides : sides.toReversed()) {
        const load = startLoad({ port: proxy, path, token, connections: CONNECTIONS, rate: RATE })
        await sleep(ROUND_MS)
        await load.stop()
        if (turn >= 0) latencies.get(side)?.push(load.take())
      }
    }
    return latencies
  } finally {
    for (const stop of stops.toReversed()) await stop()
  }
}

async function makeToken (database: string): Promise<string> {
  const { users, tokens, close } = await openAuthtoken({ database, migrate: true })
  const user = await users.create({ username: 'ann', email: 'ann@example.org', password: null }, { validate: false })
  const { key } = await tokens.create(user, { name: 'bench', scope: 'orders:read' })
  await close()
  return key
}

async function startBackend (folder: string, port: number): Promise<Running> {
  const file = join(folder, 'backend.conf')
  writeFileSync(file, `daemon off; worker_processes 1; pid ${folder}/backend.pid; error_log stderr; events {}
http { access_log off; server { listen 127.0.0.1:${port}; location / { return 200 "ok"; } } }
`)
  const running = await startProgram('nginx', ['-p', folder, '-c', file, '-e', 'stderr'], null, { cwd: folder })
  await listening(port)
  return running
}
