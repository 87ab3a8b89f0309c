import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../../test/support/postgres/server.js'
import { autocannon } from '../load/autocannon.js'
import { stayAwake } from '../machine/stay-awake.js'
import { send } from '../load/http-client.js'
import type { Contestant, Field } from '../peers/contestant.js'
import { gatherContestants, type RunningContestant, startContestant } from '../peers/gather-contestants.js'
import { withFolder } from '../machine/temporary-folder.js'
import { CONNECTIONS, type LoadGenerator } from '../load/load-generator.js'
import { pinning } from '../machine/core-pinning.js'
import { processorTime } from '../machine/processor-time.js'
import type { Report } from '../report/report.js'
import { median } from '../../test/support/statistics.js'
import { UsageError } from '../report/usage-error.js'
import { findWrk } from '../load/wrk.js'

const WARM_UP_S = 2
const WINDOW_S = 3
/** The share of the warm-up for which the server must have had the processor; otherwise there is another turn, up to so many. */
const BUSY = 0.8
const MOST_TURNS = 5
const SETTLE_MS = 100
/** Two processes of the same code differ by up to that on a quiet machine. Where they differ by more, no ratio says anything. */
const MOST_NOISE = 0.1

/** What each contestant answered, one figure a round. */
type Rates = Map<string, number[]>

/** Answers a second: by the clock, and of the processor's seconds that the server used. */
interface Measured { byClock: number, byProcessor: number }

/** What one contestant must be of another: a ratio of their rates. */
interface Target {
  what: string
  of: string[]
  /** The fastest of these is what it is held against. */
  to: string[]
  least: number
  /** Whether the distance of two servers of the same code is allowed for. */
  lessNoise?: boolean
}

const CACHED = ['drf-cached', 'access-cached']

const TARGETS: Target[] = [
  { what: 'no auth', of: [...CACHED, ...CACHED.map((name) => `${name}-postgres`)], to: ['none'], least: 0.95, lessNoise: true },
  { what: 'no auth', of: ['drf-uncached', 'access-uncached'], to: ['none'], least: 0.75 },
  { what: 'a plain 401', of: ['refused-checksum', 'refused-unknown'], to: ['plain-401'], least: 0.9 },
  { what: '@fastify/jwt HS256', of: CACHED, to: ['jwt-hs256'], least: 1.5 },
  { what: '@fastify/jwt RS256', of: CACHED, to: ['jwt-rs256'], least: 2.5 },
  { what: '@fastify/bearer-auth', of: CACHED, to: ['bearer-auth'], least: 1 },
  { what: 'better-auth', of: CACHED, to: ['better-auth'], least: 5 },
  { what: 'Django REST framework', of: CACHED, to: ['django-sync', 'django-gthread'], least: 50 }
]

/** Those whose rates are so near to each other that a machine which changes its pace meanwhile would blur them: they follow each other. */
const CLOSE = new Set(['control', ...TARGETS.filter(({ least }) => least <= 1).flatMap(({ of, to }) => [...of, ...to])])

/**
 * What the check of a token costs a route, beside no check and beside other packages.
 * @param options.count rounds
 * @param options.only names of contestants; those they are compared with come with them. All where there are none
 */
export async function verification ({ count, only }: { count: number, only: string[] }): Promise<Report> {
  const load = await findWrk() ?? autocannon
  const awake = stayAwake()
  const postgres = await startPostgres()
  try {
    return await withFolder(async (folder) => {
      const field = await gatherContestants(folder, postgres.url())
      const contestants = choose(field, only, load)
      const measured = new Map(contestants.map(({ name }) => [name, [] as Measured[]]))
      for (let round = 0; round < count; round++) {
        for (const contestant of inTurn(contestants)) measured.get(contestant.name)?.push(await measure(contestant, load))
      }
      const rates = (by: keyof Measured): Rates => new Map([...measured].map(([name, all]) => [name, all.map((one) => one[by])]))
      return report(field, contestants, rates('byClock'), rates('byProcessor'), load, count, awake.condition)
    })
  } finally {
    awake.end()
    await postgres.stop()
  }
}

function choose ({ contestants }: Field, only: string[], load: LoadGenerator): Contestant[] {
  const unknown = only.find((name) => !contestants.some((contestant) => contestant.name === name))
  if (unknown !== undefined) {
    throw new UsageError(`there is no contestant ${JSON.stringify(unknown)} here, but ` +
      `${contestants.map(({ name }) => name).join(', ')}`)
  }
  const able = contestants.filter(({ authorization = [] }) => authorization.length < 2 || load.takesTurns)
  if (only.length === 0) return able
  return able.filter((contestant) => ['none', 'control', ...only].includes(contestant.name) ||
    (contestant.name === 'plain-401' && only.some((name) => name.startsWith('refused'))))
}

/** In an order of chance, those that are close one after the other. */
function inTurn (contestants: Contestant[]): Contestant[] {
  const [close, others] = [true, false].map((isClose) => shuffle(contestants.filter(({ name }) => CLOSE.has(name) === isClose)))
  return shuffle([close ?? [], others ?? []]).flat()
}

const shuffle = <T>(values: T[]): T[] =>
  values.map((value) => ({ value, at: Math.random() })).sort((a, b) => a.at - b.at).map(({ value }) => value)

/** Starts a server, sees whether it answers as it must, and puts load on it. */
async function measure (contestant: Contestant, load: LoadGenerator): Promise<Measured> {
  const server = await startContestant(contestant)
  try {
    await checkAnswer(contestant, server)
    await warmUp(server, load, contestant.warmUpS ?? WARM_UP_S)
    await sleep(SETTLE_MS)
    const before = processorTime(server.pid)
    const { rate, answers, refusals, failures } = await load.run(server.port, server.authorization, WINDOW_S)
    const used = processorTime(server.pid) - before
    const expected = contestant.answer.status === 200 ? 0 : answers
    if (refusals !== expected || failures > 0) {
      throw new Error(`${contestant.name}: of ${answers} answers ${refusals} were not 2xx, ` +
        `not ${expected}; ${failures} requests failed`)
    }
    return { byClock: rate, byProcessor: answers / used }
  } finally {
    await server.stop()
  }
}

/** On a core that others use too, a server needs longer until its code is compiled: it is its processor time that counts. */
async function warmUp (server: RunningContestant, load: LoadGenerator, seconds: number): Promise<void> {
  const before = processorTime(server.pid)
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    await load.run(server.port, server.authorization, seconds)
    // Not a number where it is not known: then one turn must do.
    if (!(processorTime(server.pid) - before < BUSY * seconds)) return
  }
}

async function checkAnswer ({ name, answer }: Contestant, { port, authorization: [authorization] }: RunningContestant): Promise<void> {
  const agent = new Agent()
  const { status, body } = await send(agent, port, {
    method: 'GET',
    path: '/',
    headers: authorization === undefined ? {} : { authorization }
  })
  agent.destroy()
  if (status !== answer.status || body !== answer.body) {
    throw new Error(`${name} answered ${status} ${body}, not ${answer.status} ` +
      `${answer.body}`)
  }
}

/** The median of the ratios within each round, or null where one of them was not measured. */
function ratio (rates: Rates, of: string, to: string): number | null {
  const [own, other] = [rates.get(of), rates.get(to)]
  return own === undefined || other === undefined ? null : median(own.map((rate, i) => rate / (other[i] as number)))
}

function report (
  { contestants: all, notes }: Field,
  contestants: Contestant[],
  rates: Rates,
  processorRates: Rates,
  load: LoadGenerator,
  count: number,
  awake: string
): Report {
  const noise = median((rates.get('control') as number[]).map((rate, i) => Math.abs(rate / ((rates.get('none') as number[])[i] as number) - 1)))
  const results = TARGETS.map((target) => judge(target, rates, noise))
  const missing = all.filter((contestant) => !contestants.includes(contestant)).map(({ name }) => name)
  const shown = (kind: (result: typeof results[number]) => boolean) => results.filter(kind).map(({ text }) => text).join('; ')
  const [short, kept, unknown] = [shown(({ met }) => met === false), shown(({ met }) => met === true), shown(({ met }) => met === null)]
  return {
    target: TARGETS.map(({ what, of, least, lessNoise }) => `${of.join(' and ')} ÷ ${what} at least ${least}${lessNoise === true ? ', or that less the noise' : ''}`)
      .join('; '),
    met: noise <= MOST_NOISE && results.every(({ met }) => met === true),
    verdict: [
      noise > MOST_NOISE && `the machine was too busy for the ratios to say anything: noise above ${MOST_NOISE}`,
      short && `short: ${short}`,
      unknown && `not measured: ${unknown}`,
      kept && `kept: ${kept}`,
      `noise ${noise.toFixed(3)}`
    ].filter(Boolean).join('. '),
    conditions: [
      `${load.name}, one thread, ${CONNECTIONS} connections; ${pinning}; ${awake}; PostgreSQL on the same machine, not pinned`,
      `${count} rounds in an order of chance, those that are close to each other one after the other, in each a new process of every ` +
        `server, ${WARM_UP_S} s of load that are not counted (up to ${MOST_TURNS} times that, until it has had the processor for most ` +
        `of ${WARM_UP_S} s), then ${WINDOW_S} s; a ratio is the median of those within a round; by processor time: answers to a ` +
        'second of the processor\'s that the server itself used, whoever else is on the core (of the database\'s processes nothing)',
      'noise: the distance of two servers of the same code, "no auth" and "no auth, again", the median of the rounds: ' +
        `${noise.toFixed(3)} (their ratio: ${ratio(rates, 'control', 'none')?.toFixed(3)})`,
      'the same route, handler and schema of the answer, the logger off; each answers as it must: one is compared before the load, ' +
        'the status of all under it',
      ...notes,
      ...(missing.length > 0 ? [`left out: ${missing.join(', ')}`] : [])
    ],
    rows: contestants.map(({ name, what }) => ({
      contestant: name,
      what,
      'answers a second': Math.round(median(rates.get(name) as number[])),
      '÷ no auth': ratio(rates, name, 'none') as number,
      '÷ no auth, by processor time': ratio(processorRates, name, 'none') as number,
      '÷ plain 401': name.startsWith('refused') ? ratio(rates, name, 'plain-401') as number : '',
      'DRF, cached ÷ it': ratio(rates, 'drf-cached', name) ?? ''
    }))
  }
}

function judge ({ what, of, to, least, lessNoise = false }: Target, rates: Rates, noise: number): { met: boolean | null, text: string } {
  const bound = least - (lessNoise ? noise : 0)
  const ratios = of.map((name) => {
    const all = to.map((other) => ratio(rates, name, other)).filter((value) => value !== null)
    return { name, value: all.length === to.length ? Math.min(...all) : null }
  })
  const met = ratios.some(({ value }) => value === null) ? null : ratios.every(({ value }) => value as number >= bound)
  return {
    met,
    text: `${ratios.map(({ name, value }) => `${name} ${value?.toFixed(3) ?? '?'}`).join(' and ')} of ${what} (at least ` +
      `${bound.toFixed(3)})`
  }
}
