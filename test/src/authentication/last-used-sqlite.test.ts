import { once } from 'node:events'
import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import SQLite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import t, { type Test } from 'tap'
import { openAuthtoken } from '../../../src/index.js'
import type { TokenOptions } from '../../../src/options/token-options.js'
import { openDatabase } from '../../../src/database/open-database.js'
import { createTokenFormat, digestOf, generateId } from '../../../src/tokens/format.js'
import { CachedIdentity } from '../../../src/authentication/cached-identity.js'
import { createExpiryPolicy } from '../../../src/tokens/expiry.js'
import { createLastUsed } from '../../../src/authentication/last-used.js'
import { databaseUrl } from '../../support/databases.js'
import { makeUser } from '../../support/users.js'

const START = Date.parse('2030-01-01T12:00:00Z')
const MINUTE = 60_000

t.beforeEach(() => mock.timers.enable({ apis: ['Date', 'setInterval'], now: START }))
t.afterEach(() => mock.timers.reset())

/** An open database on a connection whose writes of `last_used` are counted, and which another connection can look at. */
async function setUp (t: Test, tokens: TokenOptions = {}) {
  const url = await databaseUrl(t)
  await (await openAuthtoken({ database: url })).close()
  const client = new SQLite(url.slice('file:'.length))
  const other = new SQLite(url.slice('file:'.length))
  t.teardown(() => {
    client.close()
    other.close()
  })
  const writes: string[] = []
  const logger = { logQuery: (query: string) => { if (/^update "authtoken_accesstoken" set .*"last_used" =/.test(query)) writes.push(query) } }
  const connection = drizzle(client, { logger })
  const authtoken = await openAuthtoken({ database: connection, tokens: { limit: 0, ...tokens } })
  const lastUsed = (id: string) => other.prepare('select last_used from authtoken_accesstoken where id = ?').pluck().get(id)
  return { authtoken, connection, other, writes, lastUsed }
}

/** Time passes, and what it starts is done. */
async function pass (milliseconds: number): Promise<void> {
  mock.timers.tick(milliseconds)
  for (let turns = 0; turns < 10; turns++) await turn()
}

/** As the database holds a moment so many milliseconds behind the start. */
const moment = (after: number): string => `${new Date(START + after).toISOString().slice(0, 23).replace('T', ' ')}000`

const REFUSE = "create trigger refuse before update on authtoken_accesstoken begin select raise(abort, 'no writes'); end"
const MANY = 12_000

/** So many tokens of a user, of which the keys are known. */
function insertMany (other: SQLite.Database, userId: number): string[] {
  const format = createTokenFormat()
  const insert = other.prepare("insert into authtoken_accesstoken (id, user_id, kind, name, digest, scope, created, disabled) values (?, ?, 'access', ?, ?, '*', '2029-01-01 00:00:00', 0)")
  const keys = Array.from({ length: MANY }, () => format.generate())
  other.transaction(() => {
    for (const [index, key] of keys.entries()) insert.run(generateId(), userId, `token ${index}`, digestOf(key))
  })()
  return keys
}

t.test('10,000 requests a second with one token are one write a minute', async (t) => {
  const { authtoken, connection, writes, lastUsed } = await setUp(t)
  const { user } = await makeUser(authtoken, 'ann')
  const token = await authtoken.tokens.create(user)
  const known = new CachedIdentity({ userId: user.id, user, isActive: true, isStaff: false, isSuperuser: false }, token, { lifetime: null, notAfter: null }, [])
  const usage = createLastUsed(await openDatabase(connection, {}), createExpiryPolicy())
  t.teardown(() => usage.close())
  const perMinute = []
  for (let minute = 0, before = 0; minute < 5; minute++, before = writes.length) {
    for (let second = 0; second < 60; second++) {
      for (let request = 0; request < 10_000; request++) usage.record(known, Date.now())
      await pass(1000)
    }
    perMinute.push(writes.length - before)
  }
  t.same(perMinute, [1, 1, 1, 1, 1])
  t.equal(lastUsed(token.id), moment(5 * MINUTE - 1000))
  await pass(5 * MINUTE)
  t.equal(writes.length, 5, 'without requests there is nothing to write')
})

t.test('a request writes nothing; the minute does, and a shutdown writes what is left', async (t) => {
  const { authtoken, writes, lastUsed } = await setUp(t)
  const { user } = await makeUser(authtoken, 'ann')
  const { id, key } = await authtoken.tokens.create(user)
  for (let second = 0; second < 59; second++) {
    t.match(await authtoken.authenticator.authenticate(key), { user: { username: 'ann' }, token: { id, lastUsed: null } })
    await pass(1000)
  }
  t.equal(writes.length, 0)
  await pass(1000)
  t.equal(writes.length, 1)
  t.equal(lastUsed(id), moment(58_000))
  t.match((await authtoken.authenticator.authenticate(key))?.token.lastUsed, new Date(START + 58_000))
  await pass(1000)
  await authtoken.authenticator.authenticate(key)
  await authtoken.close()
  t.equal(lastUsed(id), moment(61_000))
  t.equal(writes.length, 2)
  await pass(5 * MINUTE)
  t.equal(writes.length, 2, 'nothing runs on behind it')
})

t.test('last_used only goes forward, whoever else writes it', async (t) => {
  const { authtoken, other, lastUsed } = await setUp(t)
  const { user } = await makeUser(authtoken, 'ann')
  const { id, key } = await authtoken.tokens.create(user)
  const set = other.prepare('update authtoken_accesstoken set last_used = ? where id = ?')
  await authtoken.authenticator.authenticate(key)
  set.run(moment(30_000), id)
  await pass(MINUTE)
  t.equal(lastUsed(id), moment(30_000), 'what another process saw later stays')
  await authtoken.authenticator.authenticate(key)
  await pass(MINUTE)
  t.equal(lastUsed(id), moment(MINUTE), 'what was seen later here is written')
  await authtoken.authenticator.authenticate(key)
  set.run(moment(10 * MINUTE), id)
  await authtoken.close()
  t.equal(lastUsed(id), moment(10 * MINUTE), 'at a shutdown too')
})

t.test('12,000 tokens used in a minute are all written', async (t) => {
  const { authtoken, other, writes } = await setUp(t)
  const { user } = await makeUser(authtoken, 'ann')
  for (const key of insertMany(other, user.id)) await authtoken.authenticator.authenticate(key)
  t.equal(writes.length, 0)
  await pass(MINUTE)
  t.same(other.prepare('select last_used, count(*) as count from authtoken_accesstoken group by last_used').all(), [{ last_used: moment(0), count: MANY }])
  t.equal(writes.length, 3)
})

t.test('what can not be written is tried again in the next minute, and nothing of it is lost', async (t) => {
  const { authtoken, other, writes, lastUsed } = await setUp(t)
  const { user } = await makeUser(authtoken, 'ann')
  const { id, key } = await authtoken.tokens.create(user)
  for (const key of insertMany(other, user.id)) await authtoken.authenticator.authenticate(key)
  await authtoken.authenticator.authenticate(key)
  other.exec(REFUSE)
  await pass(MINUTE)
  t.equal(writes.length, 1, 'one try')
  await pass(1000)
  await authtoken.authenticator.authenticate(key)
  await pass(58_000)
  t.equal(writes.length, 1, 'and no other before a minute has passed')
  other.exec('drop trigger refuse')
  await pass(1000)
  t.equal(lastUsed(id), moment(61_000), 'a use that came meanwhile counts, not the one that could not be written')
  t.same(other.prepare("select last_used, count(*) as count from authtoken_accesstoken where name like 'token %' group by last_used").all(), [{ last_used: moment(0), count: MANY }])
})

t.test('a shutdown waits for a write that waits for a lock', async (t) => {
  const url = await databaseUrl(t)
  const authtoken = await openAuthtoken({ database: url })
  const other = new SQLite(url.slice('file:'.length))
  t.teardown(() => other.close())
  const { user } = await makeUser(authtoken, 'ann')
  const { id, key } = await authtoken.tokens.create(user)
  await authtoken.authenticator.authenticate(key)
  other.exec('begin immediate')
  await pass(MINUTE)
  const closed = authtoken.close()
  await pass(0)
  other.exec('commit')
  await closed
  t.equal(other.prepare('select last_used from authtoken_accesstoken where id = ?').pluck().get(id), moment(0))
})

t.test('a shutdown on a database that takes no writes warns, and goes on', async (t) => {
  const { authtoken, other, lastUsed } = await setUp(t)
  const { user } = await makeUser(authtoken, 'ann')
  const [first, second] = [await authtoken.tokens.create(user), await authtoken.tokens.create(user)]
  for (const { key } of [first, second, first]) await authtoken.authenticator.authenticate(key)
  other.exec(REFUSE)
  const warned = once(process, 'warning')
  await authtoken.close()
  const [warning] = await warned
  t.match(warning, { name: 'Warning', code: 'AUTHTOKEN_USAGE_LOST', message: 'The last use of 2 tokens could not be written' })
  t.notOk(warning.stack.includes(first.key) || warning.stack.includes(digestOf(first.key)))
  t.equal(lastUsed(first.id), null)
})

t.test('a use that is refused is none, and a DRF token has no last use', async (t) => {
  const { authtoken, other, writes } = await setUp(t)
  const { user, token: drf } = await makeUser(authtoken, 'ann')
  const { user: inactive } = await makeUser(authtoken, 'bob', { isActive: false })
  const disabled = await authtoken.tokens.create(user)
  await authtoken.tokens.update(user, disabled.id, { disabled: true })
  const expired = await authtoken.tokens.create(user, { expiresIn: 1 })
  const replaced = await authtoken.tokens.create(user)
  await authtoken.tokens.rotate(user, replaced.id)
  const ofInactive = await authtoken.tokens.create(inactive)
  await pass(1000)
  for (const { key } of [disabled, expired, replaced]) t.equal(await authtoken.authenticator.authenticate(key), null)
  t.match(await authtoken.authenticator.authenticate(ofInactive.key), { user: { isActive: false } }, 'the caller refuses it')
  t.match(await authtoken.authenticator.authenticate(drf.key), { token: { id: drf.id, lastUsed: null } })
  await authtoken.authenticator.authenticate(createTokenFormat().generate())
  await pass(5 * MINUTE)
  await authtoken.close()
  t.same(writes, [])
  t.same(other.prepare('select distinct last_used from authtoken_accesstoken').all(), [{ last_used: null }])
})

t.test('a sliding token lives on while it is used, up to its longest life, and not a moment after', async (t) => {
  const { authtoken, other } = await setUp(t, { sliding: true, maxLife: 900 })
  const { user } = await makeUser(authtoken, 'ann')
  const { id, key } = await authtoken.tokens.create(user, { expiresIn: 300 })
  const expires = () => other.prepare('select expires from authtoken_accesstoken where id = ?').pluck().get(id)
  t.equal(expires(), moment(300_000))
  const seen = []
  for (let minute = 0; minute < 17; minute++) {
    seen.push((await authtoken.authenticator.authenticate(key)) !== null)
    await pass(MINUTE)
  }
  t.same(seen, [...Array(15).fill(true), false, false])
  t.equal(expires(), moment(900_000))
})
