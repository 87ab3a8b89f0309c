import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { openAuthtoken } from '../../src/open-authtoken.js'
import { startPostgres } from '../../test/support/postgres/server.js'
import { withFolder } from '../machine/temporary-folder.js'
import type { Report } from '../report/report.js'
import { connectTo, createVictims, type Victim } from '../load/revocable-tokens.js'
import { type Service, startService } from '../machine/service-process.js'
import { quantile, round } from '../../test/support/statistics.js'
import type { Seen, WatchCommand, WatchEvent } from '../load/watcher-process.js'

const NODES = 3
const LIVE = 200
const LIMIT_MS = 10 * 60_000
const ANSWER_TIMEOUT_MS = 30_000

/** What is promised of each database, in milliseconds. */
const TARGETS = { PostgreSQL: { p99: 50, max: 250 }, SQLite: { p99: 20, max: Infinity } }
type Dialect = keyof typeof TARGETS

/** A revocation, as the nodes saw it: from its acknowledgement on, in milliseconds. */
interface Measured {
  by: Victim['by']
  /** When the last request was answered 200 that was sent after it; 0: none was. */
  lastGood: number
  /** When the last of the nodes refused it first. */
  firstRefusal: number
}

/** What was found out on one database. */
interface Run {
  dialect: Dialect
  measured: Measured[]
  stopped: Extract<WatchEvent, { event: 'stopped' }>
}

/** How long a token that was revoked is good still, on three nodes that check it all the time. */
export async function revocation ({ count }: { count: number }): Promise<Report> {
  const onPostgres = await withFolder(async (folder) => {
    const server = await startPostgres()
    try {
      return await runOn('PostgreSQL', server.url(), folder, Math.ceil(count / 2))
    } finally {
      await server.stop()
    }
  })
  const onSqlite = await withFolder((folder) =>
    runOn('SQLite', `file:${join(folder, 'revocation.db')}`, folder, Math.floor(count / 2)))
  return judge([onPostgres, onSqlite], count)
}

async function runOn (dialect: Dialect, url: string, folder: string, count: number): Promise<Run> {
  const nodes: Service[] = []
  await (await openAuthtoken({ database: url, migrate: true })).close()
  const connection = await connectTo(url)
  try {
    const victims = await createVictims(url, count, () => (nodes[0] as Service).port, connection)
    for (let i = 0; i < NODES; i++) nodes.push(await startService(folder, { DATABASE_URL: url }, `node-${i}`))
    return { dialect, ...await measure(nodes, victims) }
  } finally {
    await Promise.all(nodes.map((node) => node.stop()))
    await connection.close()
  }
}

async function measure (nodes: Service[], victims: Victim[]): Promise<Omit<Run, 'dialect'>> {
  const watchers = fork(join(import.meta.dirname, '../load/watcher-process.ts'))
  const kill = () => { watchers.kill('SIGKILL') }
  process.once('exit', kill)
  const tell = (command: WatchCommand) => { watchers.send(command) }
  const deadline = performance.now() + LIMIT_MS
  try {
    tell({ do: 'start', ports: nodes.map(({ port }) => port), keys: victims.map(({ key }) => key), window: LIVE })
    const measured: Measured[] = []
    for (const [index, victim] of victims.entries()) {
      if (performance.now() > deadline) break
      const known = next(watchers, 'known')
      tell({ do: 'watch', index })
      await known
      const refused = next(watchers, 'refused')
      await victim.revoke()
      const committed = Number(process.hrtime.bigint()) / 1e6
      measured.push(measureOne(victim.by, committed, (await refused).nodes))
    }
    const stopped = next(watchers, 'stopped')
    tell({ do: 'stop' })
    return { measured, stopped: await stopped }
  } finally {
    watchers.kill()
    process.off('exit', kill)
  }
}

function measureOne (by: Victim['by'], committed: number, nodes: Seen[][]): Measured {
  const goods = nodes.flat().filter(({ good, sent }) => good && sent > committed)
  const refusals = nodes.map((answers) => answers.find(({ good }) => !good)?.answered ?? Infinity)
  return {
    by,
    lastGood: Math.max(0, ...goods.map(({ answered }) => answered - committed)),
    firstRefusal: Math.max(0, ...refusals.map((answered) => answered - committed))
  }
}

async function next<Name extends WatchEvent['event']> (watchers: ChildProcess, name: Name): Promise<Extract<WatchEvent, { event: Name }>> {
  const [message] = await once(watchers, 'message', { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }) as [WatchEvent]
  if (message.event !== name) throw new Error(`The watchers said ${message.event} instead of ${name}`)
  return message as Extract<WatchEvent, { event: Name }>
}

function judge (runs: Run[], count: number): Report {
  const rows = runs.flatMap(({ dialect, measured }) => ['HTTP', 'SQL', 'Django', 'all'].map((by) => {
    const of = measured.filter((one) => by === 'all' || one.by === by)
    const figures = (title: string, values: number[]) => ({
      [`${title} p50`]: round(quantile(values, 0.5)),
      [`${title} p99`]: round(quantile(values, 0.99)),
      [`${title} max`]: round(Math.max(...values))
    })
    return {
      database: dialect,
      'revoked by': by,
      revocations: of.length,
      ...figures('last 200', of.map(({ lastGood }) => lastGood)),
      ...figures('401', of.map(({ firstRefusal }) => firstRefusal))
    }
  }))
  const verdicts = runs.flatMap(({ dialect, measured, stopped: { checks, other, afterRefusal, outOfOrder } }) => {
    const values = measured.map(({ lastGood }) => lastGood)
    const [p99, max] = [quantile(values, 0.99), Math.max(...values)]
    const target = TARGETS[dialect]
    return [
      { met: p99 < target.p99, text: `${dialect}: p99 ${p99.toFixed(1)} ms, of ${target.p99}` },
      ...target.max === Infinity ? [] : [{ met: max <= target.max, text: `${dialect}: at most ${max.toFixed(1)} ms, of ${target.max}` }],
      {
        met: afterRefusal === 0 && outOfOrder === 0,
        text: `${dialect}: ${afterRefusal} times 200 for a request sent after a 401, ${outOfOrder} times answered after one, in ` +
          `${checks} checks`
      },
      {
        met: Object.keys(other).length === 0,
        text: `${dialect}: ${Object.entries(other).map(([status, times]) => `${times} × ${status}`).join(', ') || 'no other answer'}`
      }
    ]
  })
  const done = runs.reduce((sum, { measured }) => sum + measured.length, 0)
  return {
    target: 'from COMMIT to the last 200 on any node: PostgreSQL p99 below 50 ms and none over 250 ms, SQLite p99 below 20 ms; never ' +
      '200 after a 401 for the same token on the same node',
    met: verdicts.every(({ met }) => met) && done === count,
    verdict: [
      ...verdicts.map(({ met, text }) => `${text}: ${met ? 'met' : 'MISSED'}`),
      ...done === count ? [] : [`only ${done} of ${count} within the time`]
    ].join('\n  '),
    conditions: [
      `${NODES} service processes on one database, ${LIVE} live tokens; another process checks them with GET /users/me/ on every node ` +
        'in a tight loop, over two connections a node: one goes round all tokens, the other stays with the one that is revoked next. ' +
        'Half of the revocations on each database, one after the other, in turn over HTTP (DELETE /tokens/current/), by plain SQL and ' +
        'by Django\'s SQL',
      'Milliseconds from the moment at which the revoker has its acknowledgement. "last 200": when the last request that was sent ' +
        'after it was answered 200, on any node; 0 where none was. "401": when the slowest node refused the token first'
    ],
    rows
  }
}
