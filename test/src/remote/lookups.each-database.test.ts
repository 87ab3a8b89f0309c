import { createHash } from 'node:crypto'
import t from 'tap'
import { makeUser } from '../../support/users.js'
import { connect, startFront, startService } from '../../support/remote-service.js'
import { until } from '../../support/until.js'

async function startBehindFront (t: Parameters<typeof startService>[0], options: Parameters<typeof connect>[2] = {}) {
  const service = await startService(t)
  const front = await startFront(t, service.port)
  const authenticator = connect(t, service, { url: front.url, feed: false, ...options })
  return { service, front, authenticator }
}

const keyOf = (i: number) => createHash('sha1').update(String(i)).digest('hex')

t.test('what can be no token is refused without asking the service', async (t) => {
  const { service, front, authenticator } = await startBehindFront(t)
  const { user } = await makeUser(service.authtoken, 'ann')
  const { key } = await service.authtoken.tokens.create(user)
  for (const junk of [`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`, `${key}0`, 'fat_', 'x'.repeat(4_097), '']) {
    t.equal(authenticator.authenticate(junk), null)
  }
  t.same(front.batches, [])
  t.match(await authenticator.authenticate(key), { user: { username: 'ann' } })
  t.equal(await authenticator.authenticate('x'.repeat(4_096)), null)
  t.equal(await authenticator.authenticate('\0'), null)
  t.same(front.batches.map((tokens) => tokens.length), [1, 1, 1])
})

t.test('lookups of the same moment are one call, each key in it once', async (t) => {
  const { service, front, authenticator } = await startBehindFront(t)
  const { token } = await makeUser(service.authtoken, 'ann')
  const keys = [token.key, token.key, ...Array.from({ length: 499 }, (_, i) => keyOf(i))]
  const found = await Promise.all(keys.map((key) => authenticator.authenticate(key)))
  t.same(found.map((identity) => identity?.user.username), ['ann', 'ann', ...Array(499).fill(undefined)])
  t.same(front.batches.map((tokens) => tokens.length), [500])
  t.match(authenticator.statistics, { hits: 0, misses: 501, size: 1, watch: 'none', batches: 1, tokens: 500 })
  t.not(authenticator.authenticate(token.key) instanceof Promise, true, 'what is remembered needs no promise')
  t.equal(authenticator.statistics.hits, 1)
})

t.test('a batch has a thousand tokens at most', async (t) => {
  const { front, authenticator } = await startBehindFront(t, { timeoutMs: 20_000 })
  t.same(new Set(await Promise.all(Array.from({ length: 2_500 }, (_, i) => authenticator.authenticate(keyOf(i))))), new Set([null]))
  t.same(front.batches.map((tokens) => tokens.length), [1_000, 1_000, 500])
})

t.test('a batch has half a mebibyte at most', async (t) => {
  const { front, authenticator } = await startBehindFront(t, { connections: 1 })
  const huge = Array.from({ length: 100 }, (_, i) => `${i}${'€'.repeat(4_000)}`)
  t.same(new Set(await Promise.all(huge.map((key) => authenticator.authenticate(key)))), new Set([null]))
  t.same(front.batches.flat(), huge)
  t.equal(front.batches.length, 3)
  t.ok(front.largest <= 512 * 1024 + 100, String(front.largest))
})

t.test('while as many calls are under way as may be, further lookups are gathered', async (t) => {
  const { front, authenticator } = await startBehindFront(t, { connections: 2, timeoutMs: 60_000 })
  let open = () => {}
  front.gate = new Promise((resolve) => { open = resolve })
  const answers = []
  for (let i = 0; i < 50; i++) {
    answers.push(authenticator.authenticate(keyOf(i)))
    await new Promise(setImmediate)
  }
  await until(() => front.batches.length === 2, 'two calls')
  open()
  await Promise.all(answers)
  t.same(front.batches.map((tokens) => tokens.length), [1, 1, 48])
})

t.test('a token that nobody has is not remembered: once it is made it is good', async (t) => {
  const { service, authenticator } = await startBehindFront(t)
  const { user } = await makeUser(service.authtoken, 'ann')
  const { tokens } = service.authtoken
  const { key, id } = await tokens.create(user)
  await tokens.update(user, id, { disabled: true })
  t.equal(await authenticator.authenticate(key), null)
  await tokens.update(user, id, { disabled: false })
  t.match(await authenticator.authenticate(key), { token: { id } })
})

t.test('nothing is remembered where size is 0', async (t) => {
  const { service, front, authenticator } = await startBehindFront(t, { size: 0 })
  const { token } = await makeUser(service.authtoken, 'ann')
  for (let i = 0; i < 3; i++) t.match(await authenticator.authenticate(token.key), { user: { username: 'ann' } })
  t.equal(front.batches.length, 3)
})
