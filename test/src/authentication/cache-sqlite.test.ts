import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import SQLite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import t from 'tap'
import { ROOT } from '../../support/repository.js'
import type { Identity } from '../../../src/identity/identity.js'
import { recordStatements } from '../../support/query-plans.js'
import { openAuthtoken } from '../../../src/open-authtoken.js'
import { folderOf } from '../../support/databases.js'
import { makeUser } from '../../support/users.js'
import { withoutCoverage } from '../../support/without-coverage.js'
import { startNodes } from '../../support/nodes.js'
import { until } from '../../support/until.js'

// Beyond the millisecond for which what a connection said of changes is good.
const gate = () => sleep(3)

t.test('what was written while an answer was held up is seen before the answer is given', async (t) => {
  const { authenticate, authenticator, seams, other } = await startNodes(t, 'SQLite')
  const { user, token } = await makeUser(other, 'ann')
  const release = seams.hold()
  const answer = authenticate(token.key)
  await until(() => seams.counts.read === 1)
  await other.tokens.revoke(user, token.id)
  await gate()
  release()
  t.equal(await answer, null)
  t.equal(authenticator.statistics.size, 0)
})

t.test('no check after the COMMIT of another process is answered from before it', async (t) => {
  const { url, authenticate, authenticator, other } = await startNodes(t, 'SQLite')
  const { user } = await makeUser(other, 'ann')
  const tokens = []
  for (let i = 0; i < 60; i++) tokens.push(await other.tokens.create(user))
  const program = `
    const client = new (require('better-sqlite3'))(process.argv[1], { timeout: 5000 })
    const statement = client.prepare('delete from authtoken_accesstoken where id = ?')
    process.on('message', (id) => { process.send(statement.run(id).changes) })
    process.on('disconnect', () => { client.close() })
    process.send('ready')`
  const child = spawn(...withoutCoverage(process.execPath, '-e', program, url.slice('file:'.length)), { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  t.teardown(() => { child.kill('SIGKILL') })
  await once(child, 'message')

  for (const { id, key } of tokens) {
    await authenticate(key)
    await authenticate(key)
    const committed = once(child, 'message').then(([changes]) => changes === 1)
    child.send(id)
    // It is remembered, and looked at all the time.
    do await authenticate(key)
    while (!await Promise.race([committed, sleep(0, false)]))
    await gate()
    if (await authenticate(key) !== null) t.fail(`${id} is good after its end`)
  }
  t.ok(authenticator.statistics.hits > 0)
  t.equal(authenticator.statistics.size, 0)
})

t.test('those who ask in one turn of the event loop share an answer, and the next turn asks again', async (t) => {
  const { authenticator, other } = await startNodes(t, 'SQLite', { cache: { size: 0 } })
  const { token } = await makeUser(other, 'ann')
  const unknown = '9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b'
  const statements = recordStatements(t)
  for (let turns = 0; turns < 2;) {
    await nextTurn()
    statements.length = 0
    const began = performance.now()
    const answers = [token.key, token.key, unknown, unknown].map((key) => authenticator.authenticate(key) as Identity | null)
    const took = performance.now() - began
    t.match(answers, [{ user: { username: 'ann' } }, { user: { username: 'ann' } }, null, null])
    t.not(answers[0]?.user, answers[1]?.user, 'each gets a user of its own')
    // What takes longer asks again.
    if (took >= 1) continue
    t.equal(statements.length, 2, 'each token is asked about once')
    turns++
  }
})

t.test('within a turn of the event loop, what another process wrote is seen after a millisecond', async (t) => {
  const { url, authenticator, other } = await startNodes(t, 'SQLite', { cache: { size: 0 } })
  const client = new SQLite(url.slice('file:'.length))
  t.teardown(() => { client.close() })
  const { token } = await makeUser(other, 'ann')
  t.ok(authenticator.authenticate(token.key))
  client.prepare('delete from authtoken_token').run()
  const began = performance.now()
  while (performance.now() - began < 1);
  t.equal(authenticator.authenticate(token.key), null)
})

t.test('our own writes are seen in the same turn of the event loop as a look-up before them', async (t) => {
  const { own, authenticator } = await startNodes(t, 'SQLite', { cache: { size: 0 } })
  const { user, token } = await makeUser(own, 'ann')
  t.ok(authenticator.authenticate(token.key))
  const revoked = own.tokens.revoke(user, token.id)
  t.equal(authenticator.authenticate(token.key), null)
  t.ok(await revoked)
  const made = await own.tokens.getOrCreate(user)
  t.ok(authenticator.authenticate(made.key))
})

t.test('a look-up keeps nobody from writing in the same turn of the event loop, in any journal mode', async (t) => {
  for (const mode of ['wal', 'delete']) {
    const path = join(folderOf(t), `${mode}.db`)
    const client = new SQLite(path, { timeout: 0 })
    t.teardown(() => { client.close() })
    client.pragma(`journal_mode = ${mode}`)
    const { authenticator, close } = await openAuthtoken({ database: `file:${path}`, migrate: true })
    t.teardown(close)
    t.equal(authenticator.authenticate('nobody'), null)
    t.equal(client.prepare("insert into authtoken_state (name, value) values ('other', '')").run().changes, 1, mode)
  }
})

/** A host with a connection of its own, which the authenticator shares. */
async function setUpHost (t: Parameters<typeof folderOf>[0]) {
  const path = join(folderOf(t), 'host.db')
  const first = await openAuthtoken({ database: `file:${path}` })
  const { user, token } = await makeUser(first, 'ann')
  await first.close()
  const client = new SQLite(path)
  t.teardown(() => { client.close() })
  const authtoken = await openAuthtoken({ database: drizzle(client) })
  const { authenticator } = authtoken
  return { client, user, authtoken, statistics: () => authenticator.statistics, authenticate: async () => await authenticator.authenticate(token.key) }
}

t.test('what a host writes on the connection that it shares is seen by the next check', async (t) => {
  const { client, user, authtoken, statistics, authenticate } = await setUpHost(t)
  await authenticate()
  t.ok(await authenticate())
  t.match(statistics(), { hits: 1, size: 1 })
  client.prepare("update auth_user set first_name = 'Ann' where id = ?").run(user.id)
  await gate()
  t.match(await authenticate(), { user: { firstName: 'Ann' } })
  await authtoken.users.update(user, { lastName: 'A.' })
  t.match(await authenticate(), { user: { firstName: 'Ann', lastName: 'A.' } })
  client.prepare('delete from authtoken_token').run()
  await gate()
  t.equal(await authenticate(), null)
})

t.test('what a transaction of the host shows is not remembered', async (t) => {
  const { client, user, statistics, authenticate } = await setUpHost(t)
  client.exec('begin')
  client.prepare('update auth_user set is_active = 0 where id = ?').run(user.id)
  t.match(await authenticate(), { user: { isActive: false } })
  t.match(await authenticate(), { user: { isActive: false } })
  t.match(statistics(), { hits: 0, size: 0 })
  client.exec('rollback')
  await gate()
  t.match(await authenticate(), { user: { isActive: true } })

  client.exec('begin')
  t.match(await authenticate(), { user: { isActive: true } })
  t.equal(statistics().hits, 0, 'nor is what was remembered before it given')
  client.prepare('delete from authtoken_token').run()
  t.equal(await authenticate(), null)
  client.exec('commit')
  await gate()
  t.equal(await authenticate(), null)
})

t.test('a change of a user is seen however many others change after it, and in all of the user\'s tokens', async (t) => {
  const { own, authenticator, authenticate, seams } = await startNodes(t, 'SQLite')
  const { user, token } = await makeUser(own, 'ann')
  const { token: other } = await makeUser(own, 'bob')
  const keys = [token.key]
  for (let i = 0; i < 20; i++) keys.push((await own.tokens.create(user)).key)
  for (const key of [...keys, other.key]) await authenticate(key)
  await own.users.update(user, { isActive: false })
  for (let id = 1_000; id < 11_001; id++) await own.database.transaction(() => [], { user: id })
  for (const key of keys) t.match(await authenticate(key), { user: { isActive: false } })

  const { asked } = seams.counts
  const { hits } = authenticator.statistics
  t.ok(await authenticate(other.key))
  for (const key of [...keys, other.key]) t.ok(await authenticate(key))
  t.equal(seams.counts.asked, asked + 1, 'whose last change is not known any more is asked for once')
  t.equal(authenticator.statistics.hits, hits + keys.length + 1)
})
