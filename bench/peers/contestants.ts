import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Authtoken, openAuthtoken } from '../../src/open-authtoken.js'
import { environment, runProgram, startProgram } from '../../test/system/django/program.js'
import { pinned } from '../machine/pinned.js'

/** A server that answers `GET /`. */
export interface Contestant {
  /** By which it is chosen. */
  name: string
  /** For the table. */
  what: string
  /** The program and its arguments. */
  command: string[]
  /** Settings, as its environment holds them. */
  settings?: Record<string, string>
  cwd?: string
  /** The headers that are sent to it, in turn. Where there are none: the one that it tells at its start. */
  authorization?: string[]
  /** Load that does not count, in seconds, where it takes longer than others to be as fast as it gets. */
  warmUpS?: number
  /** What it answers. */
  answer: { status: number, body: string }
}

/** A contestant that runs. */
export interface RunningContestant {
  port: number
  /** Of the process that leads its group. */
  pid: number
  authorization: string[]
  stop (): Promise<void>
}

/** Those that can be measured on this machine. */
export interface Field {
  contestants: Contestant[]
  /** What must be known of them: versions, and who is missing. */
  notes: string[]
}

const PYTHON = '/usr/bin/python3'
const PEERS = import.meta.dirname
const DJANGO = join(PEERS, 'django')
const USERS = 1_000
const SLOW_WARM_UP_S = 8

const SERVED = { status: 200, body: '{"hello":"world"}' }
const refused = (body: object) => ({ status: 401, body: JSON.stringify(body) })

const script = (path: string) => [process.execPath, join(import.meta.dirname, path)]

/** Starts one as a process of its own. */
export async function startContestant ({ command, settings = {}, cwd, authorization }: Contestant): Promise<RunningContestant> {
  const [program, ...args] = pinned('server', command) as [string, ...string[]]
  const { found, stop } = await startProgram(program, args, /^\{"port".*\}$/, { env: environment({ NODE_ENV: 'production', ...settings }), ...(cwd !== undefined && { cwd }) })
  const told = JSON.parse(found)
  return { port: told.port, pid: told.pid, authorization: authorization ?? (told.authorization === undefined ? [] : [told.authorization]), stop }
}

/**
 * Makes the databases, installs the peers where they are not yet, and lists everybody.
 * @param folder for the databases
 * @param postgres the URL of an empty database
 */
export async function gatherContestants (folder: string, postgres: string): Promise<Field> {
  const sqlite = `file:${join(folder, 'authtoken.db')}`
  const ours = [...ownContestants('SQLite', sqlite, await fill(sqlite)), ...ownContestants('PostgreSQL', postgres, await fill(postgres))]
  const npm = await npmPeers(folder)
  const django = await djangoPeers(folder)
  const none = { command: script('contestants/none.js'), authorization: [`Token ${unknownKey()}`], answer: SERVED }
  return {
    contestants: [
      { ...none, name: 'none', what: 'no auth' },
      { ...none, name: 'control', what: 'no auth, again' },
      { ...none, name: 'none-bare', what: 'no auth, and no header sent', authorization: [] },
      ...ours,
      ...npm.contestants,
      ...django.contestants,
      { name: 'plain-401', what: 'refused: a plain 401', command: script('contestants/refusal.js'), authorization: [`Token ${unknownKey()}`], answer: refused({ detail: 'Invalid token.' }) },
      ...refusals(sqlite, npm.contestants)
    ],
    notes: [
      `this package on databases of ${USERS} users with a DRF token and an access token each; but for those that are named otherwise one token is sent all the time, to the uncached too, where those who ask in one turn of the event loop (SQLite), or while a query is under way (PostgreSQL), share its answer; tokens in turn hardly share any`,
      'to the route without authentication a token is sent as well: it reads the same request, and what differs is the check alone',
      ...npm.notes,
      ...django.notes
    ]
  }
}

interface Keys { drf: string[], access: string[] }

async function fill (url: string): Promise<Keys> {
  const authtoken = await openAuthtoken({ database: url, migrate: true })
  try {
    const keys: Keys = { drf: [], access: [] }
    for (let i = 0; i < USERS; i++) {
      const user = await authtoken.users.create({ username: `user${i}`, email: '', password: null }, { validate: false })
      keys.drf.push((await authtoken.tokens.getOrCreate(user)).key)
      keys.access.push(await accessKey(authtoken, user))
    }
    return keys
  } finally {
    await authtoken.close()
  }
}

const accessKey = async ({ tokens }: Authtoken, user: Parameters<Authtoken['tokens']['create']>[0]) => (await tokens.create(user)).key

const unknownKey = () => randomBytes(20).toString('hex')

function ownContestants (database: 'SQLite' | 'PostgreSQL', url: string, { drf, access }: Keys): Contestant[] {
  const end = database === 'SQLite' ? '' : '-postgres'
  const contestant = (name: string, what: string, keys: string[], settings: Record<string, string> = {}): Contestant => ({
    name: `${name}${end}`,
    what: `${what}, ${database}`,
    command: script('contestants/authtoken.js'),
    settings: { DATABASE_URL: url, FORM: 'config', ...settings },
    authorization: keys.map((key) => `Token ${key}`),
    answer: SERVED
  })
  const all = [
    contestant('drf-cached', 'DRF token, cached', drf.slice(0, 1)),
    contestant('access-cached', 'access token, cached', access.slice(0, 1)),
    contestant('drf-uncached', 'DRF token, uncached', drf.slice(0, 1), { CACHE_SIZE: '0' }),
    contestant('access-uncached', 'access token, uncached', access.slice(0, 1), { CACHE_SIZE: '0' })
  ]
  if (database === 'PostgreSQL') return all
  return [
    ...all,
    contestant('drf-cached-many', `${USERS} DRF tokens in turn, cached`, drf),
    contestant('drf-uncached-many', `${USERS} DRF tokens in turn, uncached`, drf, { CACHE_SIZE: '0' }),
    contestant('drf-cached-onrequest', 'DRF token, cached, onRequest: app.verifyToken', drf.slice(0, 1), { FORM: 'onRequest' }),
    contestant('drf-cached-auth', 'DRF token, cached, app.auth([app.verifyToken])', drf.slice(0, 1), { FORM: 'auth' })
  ]
}

function refusals (url: string, peers: Contestant[]): Contestant[] {
  const ours = { command: script('contestants/authtoken.js'), settings: { DATABASE_URL: url, FORM: 'config' }, answer: refused({ detail: 'Invalid token.' }) }
  const bearer = peers.find(({ name }) => name === 'bearer-auth') as Contestant
  return [
    { ...ours, name: 'refused-checksum', what: 'refused: access token with a wrong checksum', authorization: [`Token fat_${'0'.repeat(36)}`] },
    { ...ours, name: 'refused-unknown', what: 'refused: unknown DRF token, SQLite', authorization: [`Token ${unknownKey()}`] },
    { ...ours, name: 'refused-unknown-many', what: `refused: ${USERS} unknown DRF tokens in turn, SQLite`, authorization: Array.from({ length: USERS }, () => `Token ${unknownKey()}`) },
    { ...bearer, name: 'refused-bearer-auth', what: 'refused: @fastify/bearer-auth, a wrong key', authorization: [`Bearer ${unknownKey()}`], answer: refused({ error: 'invalid authorization header' }) }
  ]
}

async function npmPeers (folder: string): Promise<Field> {
  if (!existsSync(join(PEERS, 'node_modules'))) {
    const { code, errors } = await runProgram('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: PEERS, timeoutMs: 300_000, env: process.env })
    if (code !== 0) throw new Error(`The peers could not be installed in ${PEERS}: ${errors}`)
  }
  const { dependencies } = JSON.parse(readFileSync(join(PEERS, 'package.json'), 'utf8'))
  const contestant = (name: string, what: string, path: string, settings: Record<string, string>): Contestant => ({ name, what, command: script(path), settings, answer: SERVED })
  return {
    contestants: [
      contestant('bearer-auth', '@fastify/bearer-auth, 1 key', 'bearer-auth.js', { KEYS: '1' }),
      contestant('bearer-auth-many', `@fastify/bearer-auth, ${USERS} keys`, 'bearer-auth.js', { KEYS: String(USERS) }),
      ...['HS256', 'RS256', 'EdDSA'].flatMap((ALGORITHM) => [
        contestant(`jwt-${ALGORITHM.toLowerCase()}`, `@fastify/jwt, ${ALGORITHM}`, 'jwt.js', { ALGORITHM, CACHE: 'false' }),
        contestant(`jwt-${ALGORITHM.toLowerCase()}-cached`, `@fastify/jwt, ${ALGORITHM}, its cache`, 'jwt.js', { ALGORITHM, CACHE: 'true' })
      ]),
      { ...contestant('better-auth', 'better-auth, API key, SQLite', 'better-auth.js', { DATABASE: join(folder, 'better-auth.db') }), warmUpS: SLOW_WARM_UP_S }
    ],
    notes: [
      `@fastify/bearer-auth ${dependencies['@fastify/bearer-auth']}, the key that is sent is the last of its list; @fastify/jwt ${dependencies['@fastify/jwt']}, onRequest: request.jwtVerify(), RSA of 2048 bits; neither can revoke`,
      `better-auth ${dependencies['better-auth']} with @better-auth/api-key ${dependencies['@better-auth/api-key']}, the newest that fit each other: auth.api.verifyApiKey in an onRequest hook, better-sqlite3 with WAL and synchronous=normal, its rate limit off, the rest as it comes: it writes a time into the key's row at each check; warmed up for ${SLOW_WARM_UP_S} s`
    ]
  }
}

async function djangoPeers (folder: string): Promise<Field> {
  const settings = { DATABASE: join(folder, 'django.db') }
  const prepared = await runProgram(PYTHON, ['-B', 'prepare.py'], { cwd: DJANGO, env: environment(settings) }).catch((error: Error) => ({ code: 1, output: '', errors: error.message }))
  if (prepared.code !== 0) {
    return { contestants: [], notes: [`left out: Django REST framework, since Debian's python3-djangorestframework and gunicorn are not installed (${prepared.errors.trim().split('\n').at(-1)})`] }
  }
  const { key, versions } = JSON.parse(prepared.output)
  return {
    contestants: ['sync', 'gthread'].map((kind) => ({
      name: `django-${kind}`,
      what: `Django REST framework, gunicorn ${kind}, SQLite`,
      command: [PYTHON, '-B', '-m', 'gunicorn', '--worker-class', kind],
      settings,
      cwd: DJANGO,
      authorization: [`Token ${key}`],
      answer: SERVED
    })),
    notes: [`${versions}: one worker on the core of the servers, no middleware, JSON alone, a connection to the database that is kept`]
  }
}
