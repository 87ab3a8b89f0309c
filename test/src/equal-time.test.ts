import t from 'tap'
import { createEqualTime } from '../../src/users/equal-time.js'
import { createHashingQueue } from '../../src/users/hashing-queue.js'

t.test('a refusal is held back until the slowest form would have been through', async (t) => {
  const equalTime = createEqualTime()
  await equalTime.fill(0)
  equalTime.record('fast', 1)
  for (const ms of [40, 20, 30]) equalTime.record('slow', ms)
  t.ok(equalTime.knows('slow'))
  t.notOk(equalTime.knows('other'))
  const start = performance.now()
  await equalTime.fill(10)
  const waited = performance.now() - start
  t.ok(waited >= 1.25 * 30 - 10 - 2, `waited ${waited} ms: the median of the slow form and its margin, less what was spent`)
})

t.test('a queue runs as many as it may, keeps as many as it can, and refuses the rest', async (t) => {
  const queue = createHashingQueue({ concurrency: 2, size: 1 })
  let release = () => {}
  const gate = new Promise<void>((resolve) => { release = resolve })
  let running = 0
  const task = () => queue.run(async () => { running++; await gate; return 'done' })
  const accepted = [task(), task(), task()]
  await new Promise(setImmediate)
  await t.rejects(task(), { code: 'AUTHTOKEN_LOGIN_QUEUE_FULL', statusCode: 503 } as never)
  t.equal(running, 2)
  release()
  t.same((await Promise.all(accepted)).map(({ result }) => result), ['done', 'done', 'done'])
  await t.rejects(queue.run(async () => { throw new Error('of the hash') }), { message: 'of the hash' })
})
