import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openAuthtoken } from '../../../src/open-authtoken.js'
import type { TokenOptions } from '../../../src/options/token-options.js'
import type { NewToken, Origin } from '../../../src/tokens/access-token.js'
import { digestOf } from '../../../src/tokens/format.js'
import type { IssuedToken } from '../../../src/identity/identity.js'
import { databaseUrl, open } from '../../support/databases.js'
import { makeUser } from '../../support/users.js'

const START = Date.parse('2030-01-01T12:00:00Z')

t.beforeEach(() => mock.timers.enable({ apis: ['Date', 'setInterval'], now: START }))
t.afterEach(() => mock.timers.reset())

/** A user's tokens, and a clock that is at 0 seconds. */
async function setUp (t: Test, options: TokenOptions = {}) {
  // On one connection what is due is written before what is asked next.
  const authtoken = await open(t, { tokens: options, pool: { size: 1 } })
  const { user } = await makeUser(authtoken, 'ann')
  const { tokens, authenticator } = authtoken
  return {
    authtoken,
    user,
    create: (token?: NewToken, origin?: Origin) => tokens.create(user, token, origin),
    /** As `tokens.rotate`, of a token that is there. */
    async rotate ({ id }: { id: string }, grace?: number): Promise<IssuedToken> {
      const fresh = await tokens.rotate(user, id, grace === undefined ? {} : { grace })
      if (fresh === null) throw new Error('there is no such token')
      return fresh
    },
    revoke: ({ id }: { id: string }) => tokens.revoke(user, id),
    disable: ({ id }: { id: string }, disabled = true) => tokens.update(user, id, { disabled }),
    works: async ({ key }: { key: string }) => (await authenticator.authenticate(key)) !== null,
    get: ({ id }: { id: string }) => tokens.get(user, id),
    /** When it expires, in seconds. */
    async expires ({ id }: { id: string }): Promise<number | null | undefined> {
      const token = await tokens.get(user, id)
      return token === null ? undefined : secondsOf(token.expires)
    },
    names: async () => (await tokens.list(user, { limit: 100 })).tokens.filter(({ kind }) => kind !== 'drf').map(({ name }) => name)
  }
}

const secondsOf = (date: Date | null): number | null => date === null ? null : (date.getTime() - START) / 1000

/** Lets the clock go on until so many seconds, a second at a time, and what comes due is done. */
async function until (seconds: number): Promise<void> {
  const end = START + seconds * 1000
  while (Date.now() < end) {
    mock.timers.tick(Math.min(1000, end - Date.now()))
    await turn()
  }
}

t.test('a token works until the millisecond before it expires', async (t) => {
  const { create, works, expires } = await setUp(t)
  const token = await create({ expiresIn: 10 })
  const endless = await create()
  t.same([secondsOf(token.expires), await expires(token), await expires(endless)], [10, 10, null])
  await until(9.999)
  t.ok(await works(token))
  await until(10)
  t.notOk(await works(token))
  t.equal(await expires(token), 10, 'it stays in the list')
  await until(1000)
  t.ok(await works(endless))
})

t.test('an expired token gives its name up in the millisecond in which it ends', async (t) => {
  const { create, get, works } = await setUp(t)
  const first = await create({ name: 'ci', expiresIn: 10 })
  await until(9.999)
  await t.rejects(create({ name: 'ci' }), { code: 'AUTHTOKEN_VALIDATION', fields: { name: ['The user has a token of that name already.'] } })
  await until(10)
  const second = await create({ name: 'ci' })
  t.equal(await get(first), null)
  t.notOk(await works(first))
  t.ok(await works(second))
})

t.test('no life is longer than the longest, nor than that of the token that makes it', async (t) => {
  const { create } = await setUp(t, { expiresIn: 500, maxLife: 300 })
  t.equal(secondsOf((await create()).expires), 300, 'the default is cut')
  t.equal(secondsOf((await create({}, { kind: 'login' })).expires), 300)
  t.equal(secondsOf((await create({ expiresIn: 300 })).expires), 300)
  for (const expiresIn of [301, null, 0]) await t.rejects(create({ expiresIn }), { code: 'AUTHTOKEN_VALIDATION', fields: { expires_in: ['Enter a whole number from 1 to 300.'] } })
  const bound = new Date(START + 100_000)
  await until(40)
  t.equal(secondsOf((await create({}, { bound })).expires), 100)
  t.equal(secondsOf((await create({ expiresIn: 60 }, { bound })).expires), 100)
  for (const expiresIn of [61, null]) await t.rejects(create({ expiresIn }, { bound }), { code: 'AUTHTOKEN_VALIDATION', fields: { expires_in: ['Enter a whole number from 1 to 60.'] } })
  await until(100)
  await t.rejects(create({ expiresIn: 1 }, { bound }), { code: 'AUTHTOKEN_VALIDATION', fields: { expires_in: ['The token that makes this one has expired.'] } })
})

t.test('without grace the old token ends as it is rotated', async (t) => {
  for (const grace of [undefined, 0]) {
    const { create, rotate, works, get } = await setUp(t)
    const old = await create({ name: 'ci', scope: 'a b' })
    const fresh = await rotate(old, grace)
    t.notOk(await works(old))
    t.ok(await works(fresh))
    t.match(fresh, { kind: 'access', name: 'ci', scope: 'a b', created: new Date(), expires: null, lastUsed: null, disabled: false })
    t.notOk(fresh.id === old.id || fresh.key === old.key)
    t.match(await get(old), { name: 'ci', replacedBy: fresh.id, expires: new Date() })
    t.equal((await get(fresh))?.replacedBy, undefined)
  }
})

t.test('with grace the old token goes on until the millisecond before that is over', async (t) => {
  const { create, rotate, works, expires } = await setUp(t)
  const old = await create()
  await until(5)
  const fresh = await rotate(old, 60)
  t.equal(await expires(old), 65)
  t.equal(await expires(fresh), null)
  await until(64.999)
  t.same([await works(old), await works(fresh)], [true, true])
  await until(65)
  t.same([await works(old), await works(fresh)], [false, true])
})

t.test('grace never goes beyond the own expiry of a token', async (t) => {
  const { create, rotate, works, expires } = await setUp(t)
  const old = await create({ expiresIn: 30 })
  const fresh = await rotate(old, 60)
  t.same([await expires(old), await expires(fresh)], [30, 30])
  await until(29.999)
  t.same([await works(old), await works(fresh)], [true, true])
  await until(30)
  t.same([await works(old), await works(fresh)], [false, false])
  await t.rejects(rotate(fresh, 60), { code: 'AUTHTOKEN_CONFLICT', message: /has expired/ })
})

t.test('what was replaced can not be rotated or changed, and a grace that is none is refused', async (t) => {
  const { create, rotate, disable, works, authtoken, user } = await setUp(t)
  const old = await create()
  for (const grace of [-1, 0.5, NaN, 2_592_001]) await t.rejects(rotate(old, grace), { code: 'AUTHTOKEN_VALIDATION', fields: { grace: ['Enter a whole number from 0 to 2592000.'] } })
  t.ok(await works(old))
  const fresh = await rotate(old, 60)
  await t.rejects(rotate(old, 60), { code: 'AUTHTOKEN_CONFLICT', message: /was replaced/ })
  await t.rejects(disable(old), { code: 'AUTHTOKEN_CONFLICT', message: /was replaced/ })
  t.same([await works(old), await works(fresh)], [true, true])
  t.equal(await authtoken.tokens.rotate(user, 'absent'), null)
})

t.test('rotating again ends the first of the old tokens at once', async (t) => {
  const { create, rotate, works, get } = await setUp(t)
  const first = await create()
  const second = await rotate(first, 60)
  const third = await rotate(second, 60)
  t.same([await works(first), await works(second), await works(third)], [false, true, true])
  t.equal(await get(first), null)
  await rotate(third)
  t.same([await works(second), await works(third)], [false, false])
})

t.test('revoking a token ends its predecessor; revoking a predecessor leaves its successor', async (t) => {
  const { create, rotate, revoke, works, get } = await setUp(t)
  const first = await create()
  const second = await rotate(first, 60)
  t.equal(await revoke(second), true)
  t.same([await works(first), await works(second)], [false, false])
  t.equal(await get(first), null)
  t.equal(await revoke(first), false)

  const third = await create()
  const fourth = await rotate(third, 60)
  t.equal(await revoke(third), true)
  t.same([await works(third), await works(fourth)], [false, true])
})

t.test('expiry and longest life go over to the new token', async (t) => {
  const { create, rotate, works, expires, authtoken: { database: { db, tables: { authtokenAccesstoken: rows } } } } = await setUp(t, { sliding: true, maxLife: 500 })
  const old = await create({ expiresIn: 200 })
  await until(30)
  const fresh = await rotate(old, 10)
  const lives = (await db.select().from(rows)).map(({ digest, lifetime, latest }) => ({ digest, lifetime, latest: latest === null ? null : secondsOf(latest) }))
  for (const { key } of [old, fresh]) t.same(lives.find(({ digest }) => digest === digestOf(key)), { digest: digestOf(key), lifetime: 200, latest: 500 })
  t.equal(await expires(fresh), 200, 'rotation does not prolong a life')
  for (const [at, pushed] of [[35, 235], [150, 350], [310, 500], [430, 500]] as const) {
    await until(at)
    t.ok(await works(fresh), `at ${at}`)
    await until(at + 60)
    t.equal(await expires(fresh), pushed)
  }
  await until(499.999)
  t.ok(await works(fresh))
  await until(500)
  t.notOk(await works(fresh), 'the longest life counts from the creation of the first')
  t.equal(await expires(old), 40)
})

t.test('a use pushes the expiry by the life that the token was made with, up to its longest', async (t) => {
  const { create, works, expires } = await setUp(t, { sliding: true, maxLife: 1000, expiresIn: 500 })
  await until(100)
  const own = await create({ expiresIn: 300 })
  const usual = await create()
  const unused = await create({ expiresIn: 300 })
  await until(110)
  t.same([await works(own), await works(usual)], [true, true])
  t.equal(await expires(own), 400, 'it is written with the minute')
  await until(120)
  t.ok(await works(own), 'and the last use counts')
  await until(170)
  t.same([await expires(own), await expires(usual), await expires(unused)], [420, 610, 400])
  for (const at of [380, 640, 885]) {
    await until(at)
    t.ok(await works(own))
    await until(at + 60)
  }
  t.equal(await expires(own), 1100, 'from the creation on, not from the first use')
  await until(1099.999)
  t.ok(await works(own))
  await until(1100)
  t.notOk(await works(own))
  await until(1200)
  t.equal(await expires(own), 1100)
  t.notOk(await works(unused))
})

t.test('without a longest life a token lives as long as it is used; one without end stays so', async (t) => {
  const { create, works, expires } = await setUp(t, { sliding: true })
  const token = await create({ expiresIn: 200 })
  const endless = await create()
  for (let at = 0; at <= 6000; at += 60) {
    await until(at)
    t.ok(await works(token) && await works(endless), `at ${at}`)
    // A write that takes longer than a mocked minute would hold the next ones back.
    await expires(endless)
  }
  t.equal(await expires(token), 6140)
  t.equal(await expires(endless), null)
  await until(6199.999)
  t.ok(await works(token))
  await until(6200)
  t.same([await works(token), await works(endless)], [false, true])
})

t.test('a token that does not slide ends when it was to end', async (t) => {
  const { create, works, expires } = await setUp(t, { maxLife: 1000 })
  const token = await create({ expiresIn: 100 })
  await until(30)
  t.ok(await works(token))
  await until(99)
  t.ok(await works(token))
  t.equal(await expires(token), 100)
  await until(100)
  t.notOk(await works(token))
})

t.test('a use while the token was good prolongs none that is expired, disabled or replaced when it is written', async (t) => {
  const { create, rotate, disable, works, expires, get } = await setUp(t, { sliding: true })
  const other = await create()
  const make = () => create({ expiresIn: 50 })
  const [expired, atOnce] = [await make(), await create({ expiresIn: 60 })]
  const long = () => create({ expiresIn: 300 })
  const [disabled, again, replaced, ended, good] = [await long(), await long(), await long(), await long(), await long()]
  // The minute begins with the first use.
  t.ok(await works(other))
  await until(40)
  for (const token of [expired, atOnce, disabled, again, replaced, ended, good]) t.ok(await works(token))
  await disable(disabled)
  await disable(again)
  const successor = await rotate(replaced, 100)
  await rotate(ended)
  await until(60)
  t.equal(await expires(good), 340)
  t.equal(await expires(expired), 50)
  t.equal(await expires(atOnce), 60, 'nor one that expires in that millisecond')
  t.equal(await expires(disabled), 300)
  t.equal(await expires(replaced), 140)
  t.equal(await expires(ended), 40)
  t.equal(await expires(successor), 300, 'nor what came in its place')
  t.same((await Promise.all([expired, disabled, replaced].map(get))).map((token) => secondsOf(token?.lastUsed ?? null)), [40, 40, 40], 'when they were used is written all the same')
  t.same(await Promise.all([expired, atOnce, disabled, ended].map(works)), [false, false, false, false])

  await disable(again, false)
  await until(180)
  t.equal(await expires(again), 300, 'what was lost while it was disabled stays lost')
  t.ok(await works(again))
  await until(240)
  t.equal(await expires(again), 480)
  t.notOk(await works(replaced))
})

t.test('the last minute is written as the database is closed, under the same rules', async (t) => {
  const url = await databaseUrl(t)
  const { tokens, users, authenticator, close } = await openAuthtoken({ database: url, migrate: true, tokens: { sliding: true } })
  const { user } = await makeUser({ tokens, users }, 'ann')
  const create = (token: NewToken) => tokens.create(user, token)
  const [good, disabled, expired] = [await create({ expiresIn: 100 }), await create({ expiresIn: 100 }), await create({ expiresIn: 20 })]
  await until(10)
  for (const { key } of [good, disabled, expired]) t.ok(await authenticator.authenticate(key))
  await tokens.update(user, disabled.id, { disabled: true })
  await until(20)
  await close()
  const again = await open(t, { database: url })
  const expires = async ({ id }: { id: string }) => secondsOf((await again.tokens.get(user, id))?.expires ?? null)
  t.same([await expires(good), await expires(disabled), await expires(expired)], [110, 100, 20])
})

t.test('at the limit a token is refused until one ends, is replaced or is revoked', async (t) => {
  const { create, rotate, revoke, works } = await setUp(t, { limit: 2 })
  const first = await create({ expiresIn: 10 })
  const second = await create()
  await until(9.999)
  await t.rejects(create(), { code: 'AUTHTOKEN_TOKEN_LIMIT' })
  const third = await rotate(second, 60)
  await t.rejects(create(), { code: 'AUTHTOKEN_TOKEN_LIMIT' }, 'a rotation makes no room')
  t.ok(await works(second), 'nor does it need any')
  await until(10)
  const fourth = await create()
  await t.rejects(create(), { code: 'AUTHTOKEN_TOKEN_LIMIT' })
  t.equal(await revoke(third), true)
  const fifth = await create()
  await t.rejects(create({}, { kind: 'login' }), { code: 'AUTHTOKEN_TOKEN_LIMIT' }, 'a login takes the place of a login alone')
  t.same(await Promise.all([first, second, third, fourth, fifth].map(works)), [false, false, false, true, true])
})

t.test('at the limit the oldest makes room where it is set so, and of logins in either case', async (t) => {
  const replacing = await setUp(t, { limit: 2, atLimit: 'replace' })
  for (const name of ['first', 'second', 'third']) {
    await replacing.create({ name, ...(name === 'second' && { expiresIn: 9 }) })
    await until({ first: 1, second: 2, third: 3 }[name] as number)
  }
  t.same(await replacing.names(), ['second', 'third'])
  await until(10)
  await replacing.create({ name: 'fourth' })
  t.same(await replacing.names(), ['second', 'third', 'fourth'], 'an expired one takes no place')
  await until(11)
  await replacing.create({ name: 'login' }, { kind: 'login' })
  t.same((await replacing.names()).slice(1), ['fourth', 'login'])

  const rejecting = await setUp(t, { limit: 2 })
  await rejecting.create({ name: 'access' })
  for (const name of ['a', 'b', 'c']) {
    await rejecting.create({ name }, { kind: 'login' })
    await until(secondsOf(new Date()) as number + 1)
  }
  t.same(await rejecting.names(), ['access', 'c'])
  await t.rejects(rejecting.create(), { code: 'AUTHTOKEN_TOKEN_LIMIT' })
})
