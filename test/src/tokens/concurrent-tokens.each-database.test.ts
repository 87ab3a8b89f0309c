import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { and, eq, gt, isNull, ne, or } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { ROOT } from '../../support/repository.js'
import { openAuthtoken } from '../../../src/open-authtoken.js'
import type { TokenOptions } from '../../../src/options/token-options.js'
import { databaseUrl } from '../../support/databases.js'
import { makeUser } from '../../support/users.js'
import { withoutCoverage } from '../../support/without-coverage.js'
import type { Call, Message, Outcome, Setting } from './children/callers.js'

const CALLERS = join(import.meta.dirname, 'children/callers.ts')

const PROCESSES = 2
const CALLERS_EACH = 25
const CALLED = PROCESSES * CALLERS_EACH
const LIMIT = 10
const LIFE = 60
const PATIENCE_MS = 30_000
// On the second, where Django leaves the fraction out, and between two.
const STARTS = ['2030-01-01T12:00:00.000Z', '2030-01-02T12:00:00.250Z'].map((date) => Date.parse(date))

/** The next that a process says, unless it ends. */
async function reply<Answer> (child: ChildProcess): Promise<Answer> {
  const ended = new AbortController()
  try {
    const [said] = await Promise.race([
      once(child, 'message', { signal: ended.signal }),
      once(child, 'exit', { signal: ended.signal }).then(([code]) => { throw new Error(`a process of callers ended with ${code}`) })
    ])
    return said as Answer
  } finally {
    ended.abort()
  }
}

async function tell<Answer> (child: ChildProcess, message: Message): Promise<Answer> {
  child.send(message)
  return await reply<Answer>(child)
}

// The same ones for all tests: each of them compiles what it runs.
const children = Array.from({ length: PROCESSES }, () =>
  spawn(...withoutCoverage(process.execPath, '--no-warnings', '--import', 'tsx', CALLERS), { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }))
t.teardown(() => { for (const child of children) child.kill('SIGKILL') })

/** 50 callers in two processes on one file, for one user. */
async function setUp (t: Test, tokens: TokenOptions = {}) {
  const url = await databaseUrl(t)
  const authtoken = await openAuthtoken({ database: url, migrate: true, tokens })
  const { user } = await makeUser(authtoken, 'ann')
  t.teardown(async () => {
    mock.timers.reset()
    await Promise.all(children.map((child) => tell(child, { enter: null })))
    await authtoken.close()
  })
  // How long they wait for each other on a slow machine is not what this is about.
  const enter: Setting = { url, userId: user.id, options: { tokens, pool: { connectTimeoutMs: PATIENCE_MS, queryTimeoutMs: PATIENCE_MS, idleInTransactionTimeoutMs: PATIENCE_MS } } }
  await Promise.all(children.map((child) => tell(child, { enter })))

  const { database: { db, run, tables: { authtokenAccesstoken: rows } } } = authtoken
  return {
    authtoken,
    user,
    /** How many tokens of a name are current, and how many were replaced. */
    async named (name: string) {
      const found = await run(() => db.select({ replacedBy: rows.replacedBy }).from(rows).where(eq(rows.name, name)))
      const replaced = found.filter(({ replacedBy }) => replacedBy !== null).length
      return { current: found.length - replaced, replaced }
    },
    /** All callers at once; where the processes' clocks differ, a time each. */
    all: async (call: Call, now?: number | number[], callers = CALLERS_EACH): Promise<Outcome[]> =>
      (await Promise.all(children.map((child, index) => tell<Outcome[]>(child, { obey: { call, callers, now: Array.isArray(now) ? now[index] : now } })))).flat(),
    /** How many tokens are current. */
    current: (now = Date.now()): Promise<number> => run(() => db.$count(rows, and(isNull(rows.replacedBy), ne(rows.kind, 'sealed'), or(isNull(rows.expires), gt(rows.expires, new Date(now)))))),
    /** Which of the tokens work at that time. */
    async working (outcomes: Outcome[], now?: number): Promise<Outcome[]> {
      if (now !== undefined) mock.timers.enable({ apis: ['Date'], now })
      const working = []
      for (const outcome of made(outcomes)) if (await authtoken.authenticator.authenticate(outcome.token?.key as string) !== null) working.push(outcome)
      mock.timers.reset()
      return working
    }
  }
}

const made = (outcomes: Outcome[]) => outcomes.filter(({ token }) => token !== undefined)

/** How many of each outcome there are. */
function tally (outcomes: Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { token, error } of outcomes) {
    const kind = token !== undefined ? 'made' : error === undefined ? 'none' : [error.code, ...Object.keys(error.fields ?? {})].join(' ')
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

/** Looks at it again and again while work is done. */
async function during<T, Seen> (work: Promise<T>, look: () => Promise<Seen>): Promise<{ result: T, seen: Seen[] }> {
  const seen: Seen[] = []
  const done = work.then(() => true)
  do seen.push(await look())
  while (!await Promise.race([done, turn(false)]))
  return { result: await work, seen: [...seen, await look()] }
}

const named = (name: string): Call => ({ method: 'create', token: { name } })
const anyToken: Call = { method: 'create', token: {} }
const brief: Call = { method: 'create', token: { expiresIn: LIFE } }

t.test('50 callers at once make as many tokens as one may have, and the others are told so', async (t) => {
  const { all, current, working } = await setUp(t, { limit: LIMIT })
  const { result, seen } = await during(all(anyToken), current)
  t.same(tally(result), { made: LIMIT, AUTHTOKEN_TOKEN_LIMIT: CALLED - LIMIT })
  t.ok(Math.max(...seen) === LIMIT, 'there are never more')
  t.equal((await working(result)).length, LIMIT)
})

t.test('50 callers at once that replace the oldest all get a token, and never more than one may have are left', async (t) => {
  const { all, current, working } = await setUp(t, { limit: LIMIT, atLimit: 'replace' })
  const { result, seen } = await during(all(anyToken), current)
  t.same(tally(result), { made: CALLED })
  t.ok(Math.max(...seen) === LIMIT, 'there are never more')
  t.equal((await working(result)).length, LIMIT)
})

t.test('of 50 callers at once that make a token of one name one does', async (t) => {
  const { all, current, working } = await setUp(t)
  const { result, seen } = await during(all(named('ci')), current)
  t.same(tally(result), { made: 1, 'AUTHTOKEN_VALIDATION name': CALLED - 1 })
  t.ok(Math.max(...seen) === 1)
  t.equal((await working(result)).length, 1)
})

t.test('of 50 callers at once that rotate a token one gets the new one', async (t) => {
  const { all, authtoken, user, current, working } = await setUp(t)
  const first = await authtoken.tokens.create(user, { name: 'ci' })
  for (const grace of [0, 60]) {
    const [{ id, key }] = grace === 0 ? [first] : [await authtoken.tokens.create(user, { name: 'with grace' })]
    const before = await current()
    const { result, seen } = await during(all({ method: 'rotate', id, grace }), current)
    t.same(tally(result), { made: 1, AUTHTOKEN_CONFLICT: CALLED - 1 })
    t.same(new Set(seen), new Set([before]), 'there is always one')
    t.equal((await working(result)).length, 1)
    t.equal((await working([{ token: { id, key } }])).length, grace === 0 ? 0 : 1)
    t.equal((await authtoken.tokens.get(user, id))?.replacedBy, made(result)[0]?.token?.id)
  }
})

t.test('50 callers that rotate a token again and again leave one token of its name, and one predecessor', async (t) => {
  const { all, authtoken, user, named, working } = await setUp(t)
  for (const grace of [0, 60]) {
    const name = `grace ${grace}`
    await authtoken.tokens.create(user, { name })
    const { result, seen } = await during(all({ method: 'rotateCurrent', name, grace, times: 6 }), () => named(name))
    const { made: rotated = 0, AUTHTOKEN_CONFLICT: conflicts = 0, none = 0, ...others } = tally(result)
    t.same(others, {}, 'nothing else fails')
    t.equal(rotated + conflicts + none, CALLED * 6)
    t.ok(rotated >= 6)
    t.same(seen.filter(({ current, replaced }) => current !== 1 || replaced > 1), [])
    t.same(seen.at(-1), { current: 1, replaced: 1 })
    t.equal((await working(result)).length, grace === 0 ? 1 : 2, 'all the others have ended')
  }
})

t.test('tokens hold their places until they expire, and not a millisecond longer', async (t) => {
  const { all, current, working } = await setUp(t, { limit: LIMIT })
  for (const begin of STARTS) {
    const end = begin + LIFE * 1000
    const last = end - 1
    const old = await all(brief, begin)
    t.same(tally(old), { made: LIMIT, AUTHTOKEN_TOKEN_LIMIT: CALLED - LIMIT })
    t.same(tally(await all(brief, last)), { AUTHTOKEN_TOKEN_LIMIT: CALLED })
    t.equal((await working(old, last)).length, LIMIT)
    t.equal((await working(old, end)).length, 0)

    const { result, seen } = await during(all(brief, [last, end]), () => current(end))
    t.same(tally(result.slice(0, CALLERS_EACH)), { AUTHTOKEN_TOKEN_LIMIT: CALLERS_EACH }, 'where the clock is one millisecond behind there is no place')
    t.same(tally(result.slice(CALLERS_EACH)), { made: LIMIT, AUTHTOKEN_TOKEN_LIMIT: CALLERS_EACH - LIMIT })
    t.ok(Math.max(...seen) === LIMIT)

    const later = end + LIFE * 1000
    const next = await during(all(brief, later), () => current(later))
    t.same(tally(next.result), { made: LIMIT, AUTHTOKEN_TOKEN_LIMIT: CALLED - LIMIT }, 'and all places are free again')
    t.ok(Math.max(...next.seen) === LIMIT)
  }
})

t.test('at the limit tokens are replaced until they expire; from then on they need no replacing', async (t) => {
  const { all, current, working } = await setUp(t, { limit: LIMIT, atLimit: 'replace' })
  for (const begin of STARTS) {
    const end = begin + LIFE * 1000
    const last = end - 1
    const old = await all(brief, begin, LIMIT / PROCESSES)
    t.equal((await working(old, last)).length, LIMIT)
    const { result, seen } = await during(all(brief, last), () => current(last))
    t.same(tally(result), { made: CALLED })
    t.ok(Math.max(...seen) === LIMIT)
    t.equal((await working(old, last)).length, 0)

    const later = last + LIFE * 1000
    t.equal((await working(result, later - 1)).length, LIMIT)
    t.equal((await working(result, later)).length, 0)
    const next = await during(all(brief, later, LIMIT / PROCESSES), () => current(later))
    t.same(tally(next.result), { made: LIMIT })
    t.ok(Math.max(...next.seen) === LIMIT)
    t.equal((await working(next.result, later)).length, LIMIT, 'none of the new ones had to go')
  }
})

t.test('a token holds its name until it expires, and not a millisecond longer', async (t) => {
  const { all, current, working } = await setUp(t)
  for (const begin of STARTS) {
    const end = begin + LIFE * 1000
    const last = end - 1
    const call: Call = { method: 'create', token: { name: 'ci', expiresIn: LIFE } }
    const old = await all(call, begin)
    t.same(tally(old), { made: 1, 'AUTHTOKEN_VALIDATION name': CALLED - 1 })
    t.same(tally(await all(call, last)), { 'AUTHTOKEN_VALIDATION name': CALLED })
    t.equal((await working(old, last)).length, 1)
    t.equal((await working(old, end)).length, 0)

    const { result, seen } = await during(all(call, [last, end]), () => current(end))
    t.same(tally(result.slice(0, CALLERS_EACH)), { 'AUTHTOKEN_VALIDATION name': CALLERS_EACH }, 'where the clock is one millisecond behind the name is taken')
    t.same(tally(result.slice(CALLERS_EACH)), { made: 1, 'AUTHTOKEN_VALIDATION name': CALLERS_EACH - 1 })
    t.ok(Math.max(...seen) === 1)
    const later = end + LIFE * 1000
    t.same(tally(await all(call, later)), { made: 1, 'AUTHTOKEN_VALIDATION name': CALLED - 1 })
    t.equal(await current(later), 1)
  }
})

t.test('a token can be rotated until it expires, and not a millisecond longer', async (t) => {
  const { all, working } = await setUp(t)
  for (const begin of STARTS) {
    const end = begin + LIFE * 1000
    const last = end - 1
    const old = made(await all({ method: 'create', token: { name: 'ci', expiresIn: LIFE } }, begin))
    const result = await all({ method: 'rotate', id: old[0]?.token?.id ?? '', grace: 60 }, last)
    t.same(tally(result), { made: 1, AUTHTOKEN_CONFLICT: CALLED - 1 })
    t.equal((await working([...old, ...result], last)).length, 2, 'both work')
    t.equal((await working([...old, ...result], end)).length, 0, 'and both expire')
    const late = await all({ method: 'rotate', id: made(result)[0]?.token?.id ?? '', grace: 60 }, end)
    t.same(tally(late), { AUTHTOKEN_CONFLICT: CALLED })
    t.match(late[0]?.error?.message, /has expired/)
  }
})
