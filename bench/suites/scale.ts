import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { promisify } from 'node:util'
import { type Authtoken, openAuthtoken } from '../../src/open-authtoken.js'
import { run } from '../../src/commands/program.js'
import { accessKeyOf, drfKeyOf, makeManyTokens } from '../../test/support/many-tokens.js'
import { startPostgres } from '../../test/support/postgres/server.js'
import { sql } from '../../test/support/sql.js'
import { createDatabase } from '../machine/create-database.js'
import { withFolder } from '../machine/temporary-folder.js'
import { timeToFirstAnswer } from '../load/time-to-first-answer.js'
import { lookUpInProcess } from '../load/fork-lookup-process.js'
import { KEYS, medianLookup, someUsers } from '../load/time-lookups.js'
import type { LookupsResult } from '../load/lookup-process.js'
import type { Report } from '../report/report.js'
import { send } from '../load/http-client.js'
import { startService } from '../machine/service-process.js'
import { median, round } from '../../test/support/statistics.js'

const ROOT = join(import.meta.dirname, '../..')
const FOLDER = join(import.meta.dirname, '../databases')
const SIZES = [10_000, 1_000_000, 10_000_000]
const LARGEST_ON_POSTGRES = 1_000_000
const TARGET_RATIO = 1.5
const WARMED = 2_000
const LOOKUPS = 500
const WARM_UP_ROUNDS = 5
const ROUNDS = 30
const COLD = 1_000
const FULL_CACHE = 100_000
const STARTS = 7
const PAGES = 7
const PRUNED = 5_000
const SEALED_AT_MOST = 1_000_000

/** A database of the bench. */
interface Place {
  name: string
  tokens: number
  url: string
  /** Of SQLite's file. */
  path: string | null
}

/** A database that is open, and the users whose tokens are in use. */
interface Side { place: Place, authtoken: Authtoken, warmed: number[], figures: Figures }

type Figures = Array<[figure: string, unit: string, value: number]>

/**
 * What grows with the number of tokens, and how.
 * @param options.count tokens of the largest database
 */
export async function scale ({ count }: { count: number }): Promise<Report> {
  const sizes = SIZES.filter((size) => size <= Math.max(count, SIZES[0] as number))
  await promisify(execFile)(process.execPath, [join(ROOT, 'scripts', 'build.js')], { cwd: ROOT })
  const server = await startPostgres()
  try {
    const places = [...await sqlitePlaces(sizes), ...await postgresPlaces(server.url(), sizes)]
    const figures = await warmLookups(places)
    for (const place of places) {
      for (const measure of [sizeOf, newProcesses, start, pages, commands, seal]) {
        const found = await measure(place, server.url())
        // It takes long: what is known is said.
        for (const [figure, unit, value] of found) console.log(`${place.name}: ${figure}: ${value} ${unit}`)
        figures.get(place)?.push(...found)
      }
    }
    return judge(places, figures)
  } finally {
    await server.stop()
  }
}

const nameOf = (dialect: string, tokens: number) => `${dialect} ${tokens >= 1_000_000 ? `${tokens / 1_000_000} M` : `${tokens / 1_000} k`}`

/** The files stay: to make the largest takes minutes. */
async function sqlitePlaces (sizes: number[]): Promise<Place[]> {
  mkdirSync(FOLDER, { recursive: true })
  const places = []
  for (const tokens of sizes) {
    const path = join(FOLDER, `tokens-${tokens}.db`)
    if (!existsSync(path)) {
      console.log(`making ${path}`)
      const part = `${path}.part`
      for (const file of [part, `${part}-wal`, `${part}-shm`]) rmSync(file, { force: true })
      await makeManyTokens(`file:${part}`, tokens)
      renameSync(part, path)
    }
    places.push({ name: nameOf('SQLite', tokens), tokens, url: `file:${path}`, path })
  }
  return places
}

async function postgresPlaces (server: string, sizes: number[]): Promise<Place[]> {
  const places = []
  for (const tokens of sizes.filter((size) => size <= LARGEST_ON_POSTGRES)) {
    const url = await createDatabase(server, `tokens_${tokens}`)
    await makeManyTokens(url, tokens)
    places.push({ name: nameOf('PostgreSQL', tokens), tokens, url, path: null })
  }
  return places
}

async function sizeOf ({ url, path }: Place): Promise<Figures> {
  const bytes = path === null
    ? Number((await sql(url, 'select pg_database_size(current_database()) as size'))[0]?.size)
    : statSync(path).size
  return [['size of the database', 'MB', Math.round(bytes / 1e6)]]
}

/** What a process that has just begun finds: by itself, and after its cache is full. */
async function newProcesses (place: Place): Promise<Figures> {
  const { url, path, tokens } = place
  const cold = async (): Promise<LookupsResult> => await lookUpInProcess({ do: 'cold', url, users: tokens / 2, lookups: COLD })
  const figures: Figures = []
  if (path !== null) {
    // Takes the file out of the system's memory.
    await promisify(execFile)('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'])
    const { first, others } = await cold()
    figures.push(
      ['first lookup of a process, file not in memory', 'µs', Math.round(first)],
      [`the next ${COLD}, median`, 'µs', round(others)]
    )
    await readAll(path)
  }
  const runs = []
  for (let i = 0; i < STARTS; i++) runs.push(await cold())
  figures.push(
    ['first lookup of a process, file in memory', 'µs', Math.round(median(runs.map(({ first }) => first)))],
    [`the next ${COLD} distinct tokens, median`, 'µs', round(median(runs.map(({ others }) => others)))]
  )
  if (tokens < FULL_CACHE) return figures
  const { heap, rss } = await lookUpInProcess({ do: 'fill', url, users: tokens / 2, lookups: FULL_CACHE })
  return [
    ...figures,
    [`heap for ${FULL_CACHE} remembered identities`, 'MB', round(heap / 1e6)],
    ['memory of the process for them (RSS)', 'MB', round(rss / 1e6)]
  ]
}

async function readAll (path: string): Promise<void> {
  const stream = createReadStream(path, { highWaterMark: 1 << 20 })
  stream.resume()
  await once(stream, 'close')
}

/** From the command to the first request that is answered, one with a token. */
async function start ({ url, tokens }: Place): Promise<Figures> {
  const times = []
  for (let i = 0; i < STARTS; i++) times.push(await timeToFirstAnswer(url, drfKeyOf(1 + Math.floor(Math.random() * tokens / 2))))
  return [['start of the service to the first answer', 'ms', round(median(times))]]
}

/** What an administrator, and a user, look at. */
async function pages ({ url, tokens }: Place): Promise<Figures> {
  const users = tokens / 2
  const someone = `user${Math.floor(users / 2)}`
  const questions: Array<[string, string]> = [
    ['GET /tokens/', '/tokens/'],
    ['GET /users/<name>/', `/users/${someone}/`],
    ['GET /users/<name>/tokens/', `/users/${someone}/tokens/`],
    ['GET /users/, first page', '/users/'],
    ['GET /users/, page in the middle', `/users/?page=${Math.ceil(users / 200)}`],
    ['GET /users/, last page', `/users/?page=${Math.ceil(users / 100)}`],
    ['GET /users/?search=, one is found', `/users/?search=${someone}@`],
    ['GET /users/?search=, all are found', '/users/?search=user']
  ]
  return await withFolder(async (folder) => {
    const service = await startService(folder, { DATABASE_URL: url })
    const agent = new Agent({ keepAlive: true })
    try {
      const figures: Figures = []
      for (const [figure, path] of questions) {
        const times = []
        for (let i = -1; i < PAGES; i++) {
          const began = performance.now()
          const { status } = await send(agent, service.port, { method: 'GET', path, headers: { authorization: `Token ${accessKeyOf(1)}` } })
          if (status !== 200) throw new Error(`${path} was answered ${status}`)
          if (i >= 0) times.push(performance.now() - began)
        }
        figures.push([figure, 'ms', round(median(times))])
      }
      return figures
    } finally {
      agent.destroy()
      await service.stop()
    }
  })
}

/** Commands, in this process: what a row costs. */
async function commands ({ url, tokens }: Place): Promise<Figures> {
  const users = tokens / 2
  const perRow = async (rows: number, args: string[]) => round(await timeCommand(url, args) / rows * 1000)
  const figures: Figures = [
    ['tokens list, a token', 'µs', await perRow(tokens, ['tokens', 'list'])],
    ['users list, a user', 'µs', await perRow(users, ['users', 'list'])],
    ['users list --search, a user who is there', 'µs', await perRow(users, ['users', 'list', '--search', 'nobody-at-all'])]
  ]
  // Expired tokens that are gone behind it.
  const expired = url.startsWith('file:') ? "'2000-01-01 00:00:00'" : "timestamptz '2000-01-01 00:00:00Z'"
  await sql(url, `insert into authtoken_accesstoken (id, user_id, kind, name, digest, scope, created, expires, disabled)
    select 'expired-' || id, id, 'access', 'expired', 'expired-' || id, '*', ${expired}, ${expired}, false from auth_user where id <= ${Math.min(PRUNED, users)}`)
  figures.push(['tokens prune, a token', 'µs', await perRow(Math.min(PRUNED, users), ['tokens', 'prune'])])
  return figures
}

async function seal (place: Place, server: string): Promise<Figures> {
  if (place.tokens > SEALED_AT_MOST) return []
  const spent = await withCopy(place, server, async (copy) => await timeCommand(copy, ['tokens', 'seal', '--noinput']))
  return [['tokens seal, a token', 'µs', round(spent / (place.tokens / 2) * 1000)]]
}

async function timeCommand (url: string, args: string[]): Promise<number> {
  const nowhere = () => new Writable({ write (_chunk, _encoding, done) { done() } })
  let said = ''
  const errors = new Writable({ write (chunk, _encoding, done) { said += chunk; done() } })
  const began = performance.now()
  const code = await run(args, { env: { DATABASE_URL: url }, input: process.stdin, output: nowhere(), errors, interactive: false })
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${said}`)
  return performance.now() - began
}

async function withCopy<T> ({ path, tokens }: Place, server: string, action: (url: string) => Promise<T>): Promise<T> {
  if (path === null) {
    const copy = `copy_${tokens}`
    await sql(server, `create database ${copy} template tokens_${tokens}`)
    return await action(Object.assign(new URL(server), { pathname: `/${copy}` }).href)
  }
  return await withFolder(async (folder) => {
    const copy = join(folder, 'copy.db')
    copyFileSync(path, copy)
    return await action(`file:${copy}`)
  })
}

/** Nothing is remembered, all is in the system's memory; each database in turn, so that noise hits all alike. */
async function warmLookups (places: Place[]): Promise<Map<Place, Figures>> {
  for (const { path } of places) if (path !== null) await readAll(path)
  const sides: Side[] = []
  for (const place of places) {
    const authtoken = await openAuthtoken({ database: place.url, migrate: false, cache: { size: 0 } })
    sides.push({ place, authtoken, warmed: someUsers(place.tokens / 2, WARMED), figures: [] })
  }
  try {
    const among: Record<string, (side: Side) => number[]> = {
      [`one of ${WARMED}`]: ({ warmed }) => someUsers(warmed.length, LOOKUPS).map((number) => warmed[number - 1] as number),
      'any of all': ({ place }) => someUsers(place.tokens / 2, LOOKUPS)
    }
    for (const [which, choose] of Object.entries(among)) {
      for (const [kind, keyOf] of Object.entries(KEYS)) {
        // A first pass over those that are to be warm.
        for (const { authtoken, warmed } of sides) await medianLookup(authtoken.authenticator, warmed.map(keyOf))
        const times = new Map(sides.map((side) => [side, [] as number[]]))
        for (let turn = -WARM_UP_ROUNDS; turn < ROUNDS; turn++) {
          for (const [i] of sides.entries()) {
            const side = sides[(i + turn + WARM_UP_ROUNDS) % sides.length] as Side
            const time = await medianLookup(side.authtoken.authenticator, choose(side).map(keyOf))
            if (turn >= 0) times.get(side)?.push(time)
          }
        }
        for (const side of sides) side.figures.push([`${WARM} ${kind}, ${which}`, 'µs', round(median(times.get(side) as number[]))])
        for (const side of sides) {
          const [least] = sides.filter(({ place }) => (place.path === null) === (side.place.path === null))
          const base = times.get(least as Side) as number[]
          side.figures.push([
            `${RATIO} ${kind}, ${which}`,
            '',
            round(median((times.get(side) as number[]).map((time, i) => time / (base[i] as number))))
          ])
        }
      }
    }
    return new Map(sides.map(({ place, figures }) => [place, figures]))
  } finally {
    for (const { authtoken } of sides) await authtoken.close()
  }
}

const WARM = 'warm lookup, nothing remembered:'
const RATIO = 'over that with 10 k:'

function judge (places: Place[], figures: Map<Place, Figures>): Report {
  const valueOf = (place: Place, figure: string) => figures.get(place)?.find(([name]) => name === figure)?.[2]
  const names = new Map([...figures.values()].flat().map(([name, unit]) => [name, unit]))
  const rows = [...names].map(([figure, unit]) => ({
    figure,
    unit,
    ...Object.fromEntries(places.map((place) => [place.name, valueOf(place, figure) ?? '']))
  }))
  const largest = places.filter(({ path }) => path !== null).at(-1) as Place
  const warmed = (figure: string) => Object.keys(KEYS).map((kind) => valueOf(largest, `${RATIO} ${kind}, ${figure}`) as number)
  const worst = Math.max(...warmed(`one of ${WARMED}`))
  return {
    target: `a warm lookup with nothing remembered, among ${WARMED} tokens in use, takes with ${largest.tokens} tokens at most ` +
      `${TARGET_RATIO} times as long as with ${SIZES[0]}`,
    met: worst <= TARGET_RATIO,
    verdict: `× ${worst.toFixed(2)} (${largest.name}); among all of its tokens × ${Math.max(...warmed('any of all')).toFixed(2)}`,
    conditions: [
      'half of the tokens are DRF tokens, half access tokens; a user has one of each. PostgreSQL on the same machine, its files in memory',
      `warm lookups: medians of ${ROUNDS} rounds of ${LOOKUPS} lookups, one after the other, the databases in turn; a ratio is the ` +
        'median of those within a round. All files are in the system\'s memory',
      'a full cache: in a process of its own, after a garbage collection, the last uses that are still to be written included; pages: ' +
        `medians of ${PAGES} over HTTP from the same machine; commands: in this process, their output goes nowhere; prune: of ` +
        `${PRUNED}; seal: on a copy, up to ${SEALED_AT_MOST} tokens, the rewriting of the file included`
    ],
    rows
  }
}
