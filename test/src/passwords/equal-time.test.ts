import t from 'tap'
import { createEqualTime } from '../../../src/passwords/equal-time.js'
import compute from '../../../src/passwords/hashing-worker.js'
import { createHashingQueue } from '../../../src/passwords/hashing-queue.js'

t.test('a refusal is held back until the slowest form would have been through', async (t) => {
  const equalTime = createEqualTime()
  await equalTime.waitOut(0)
  equalTime.record('fast', 1)
  for (const ms of [40, 20, 30]) equalTime.record('slow', ms)
  t.ok(equalTime.hasTimed('slow'))
  t.notOk(equalTime.hasTimed('other'))
  const start = performance.now()
  await equalTime.waitOut(10)
  const waited = performance.now() - start
  t.ok(waited >= 1.25 * 30 - 10 - 2, `waited ${waited} ms: the median of the slow form and its margin, less what was spent`)
})

t.test('a queue takes as many as it may run and keep, and refuses the rest', async (t) => {
  const queue = createHashingQueue({ concurrency: 2, size: 1 })
  t.teardown(() => queue.close())
  const accepted = [1, 2, 3].map(() => queue.encode('argon2', 'secret'))
  await t.rejects(queue.encode('argon2', 'secret'), { code: 'AUTHTOKEN_LOGIN_QUEUE_FULL', statusCode: 503 } as never)
  t.throws(() => queue.refuseIfFull(), { code: 'AUTHTOKEN_LOGIN_QUEUE_FULL' })
  const [encoded = ''] = await Promise.all(accepted)
  t.match(await queue.verify(encoded, 'secret'), { matches: true })
  t.match(await queue.verify(encoded, 'wrong'), { matches: false })
  t.match(await queue.verify('nonsense', 'secret'), { matches: null })
})

t.test('what the threads compute is what is computed here', async (t) => {
  const { result } = compute({ encode: 'pbkdf2_sha256', password: 'secret' })
  t.match(compute({ verify: String(result), password: 'secret' }), { result: true, ms: Number })
  t.match(compute({ verify: 'scrypt$131072$seasalt$1$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==', password: 'secret' }), { result: null })
})
