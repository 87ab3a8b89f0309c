import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import SQLite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { createSqliteFile } from '../../../../src/database/sqlite/file.js'
import { createSharedRead, GATE_MS } from '../../../../src/database/sqlite/shared-read.js'
import { folderOf } from '../../../support/databases.js'

/** A shared read, a look-up in it, and what was asked of the file. */
function setUp (t: Test) {
  const path = join(folderOf(t), 'shared.db')
  createSqliteFile(path)
  const client = new SQLite(path)
  t.teardown(() => { client.close() })
  client.exec("create table texts (key text, digest text); insert into texts values ('a', 'x'), ('b', 'x')")
  const select = client.prepare('select key, digest from texts where key = @key and digest = @digest')
  const sharedRead = createSharedRead(client)
  const asked: unknown[] = []
  const lookUp = sharedRead.share((values) => {
    asked.push(values)
    return select.get(values)
  })
  return { client, sharedRead, asked, lookUp }
}

const A = { key: 'a', digest: 'x' }
const B = { key: 'b', digest: 'x' }

/** What was asked in a turn of the event loop that was short enough to be one read. */
async function askedWithin (asked: unknown[], action: () => void): Promise<unknown[]> {
  while (true) {
    await nextTurn()
    asked.length = 0
    const began = performance.now()
    action()
    if (performance.now() - began < GATE_MS) return [...asked]
  }
}

t.test('within a read the same question is asked once, and another by itself', async (t) => {
  const { sharedRead, asked, lookUp } = setUp(t)
  sharedRead.allow()
  const answers: unknown[] = []
  t.same(await askedWithin(asked, () => { answers.splice(0, 3, lookUp({ ...A }), lookUp({ ...A }), lookUp({ ...A })) }), [A])
  t.same(answers, [A, A, A])
  t.same(await askedWithin(asked, () => { answers.splice(0, 3, lookUp(A), lookUp(B), lookUp(B)) }), [A, B], 'of which a part is the same')
  t.same(answers, [A, B, B])
  t.same(await askedWithin(asked, () => { lookUp({ key: 'c', digest: 'y' }); lookUp({ key: 'c', digest: 'y' }) }), [{ key: 'c', digest: 'y' }], 'where there is no answer too')
})

t.test('what ends a read ends its answers', async (t) => {
  const { client, sharedRead, asked, lookUp } = setUp(t)
  sharedRead.allow()
  t.same(await askedWithin(asked, () => {
    lookUp(A)
    t.ok(client.inTransaction)
    sharedRead.end()
    t.notOk(client.inTransaction)
    lookUp(A)
  }), [A, A])
  t.same(await askedWithin(asked, () => { lookUp(A) }), [A], 'the next turn asks again')
  asked.length = 0
  const began = performance.now()
  while (asked.length < 2 && performance.now() - began < 1_000 * GATE_MS) lookUp(A)
  t.equal(asked.length, 2, 'and so does a turn after a millisecond')
})

t.test('until it is allowed, each look-up reads by itself', async (t) => {
  const { client, asked, lookUp } = setUp(t)
  t.same(await askedWithin(asked, () => { lookUp(A); lookUp(A) }), [A, A])
  t.notOk(client.inTransaction)
})
