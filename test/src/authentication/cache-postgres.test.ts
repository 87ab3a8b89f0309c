import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { openAuthtoken } from '../../../src/open-authtoken.js'
import type { Database } from '../../../src/database/database-interface.js'
import { makeUser } from '../../support/users.js'
import { startProxy } from '../../support/tcp-proxy.js'
import { startNodes } from '../../support/nodes.js'
import { createDatabase } from '../../support/postgres/database.js'
import { until } from '../../support/until.js'

/** A connection of the test's own. */
async function connect (t: Test, url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  await client.connect()
  t.teardown(() => client.end())
  return client
}

/** What our connections to this database call themselves. */
const CONNECTIONS = "from pg_stat_activity where datname = current_database() and application_name like 'fastify-authtoken%'"

const poolOf = (database: Database) => (database.db as unknown as { $client: pg.Pool }).$client

t.test('a table that is emptied ends all that was in it', async (t) => {
  const { url, authenticate, other, andHear } = await startNodes(t, 'PostgreSQL')
  const client = await connect(t, url)
  const { user, token } = await makeUser(other, 'ann')
  const access = await other.tokens.create(user)
  for (const { key } of [token, access]) t.ok(await authenticate(key))
  await andHear(() => client.query('truncate authtoken_token'))
  t.equal(await authenticate(token.key), null)
  t.ok(await authenticate(access.key))
  await andHear(() => client.query('truncate auth_user cascade'))
  t.equal(await authenticate(access.key), null)
})

t.test('other users\' tokens stay remembered, and those whose uses and logins are noted', async (t) => {
  const { url, authenticate, authenticator, seams, other, andHear } = await startNodes(t, 'PostgreSQL')
  const client = await connect(t, url)
  const { user, token } = await makeUser(other, 'ann')
  const bob = await makeUser(other, 'bob')
  const access = await other.tokens.create(bob.user)
  for (const { key } of [token, bob.token, access]) t.ok(await authenticate(key))
  await client.query("update auth_user set last_login = now(), password = 'another'")
  await client.query('update authtoken_accesstoken set last_used = now()')
  await andHear(() => other.users.update(user, { isActive: false }))
  for (const { key } of [bob.token, access]) t.ok(await authenticate(key))
  t.match(await authenticate(token.key), { user: { isActive: false } })
  t.equal(seams.counts.asked, 4)
  t.equal(authenticator.statistics.hits, 2)
})

t.test('without its connection a node asks each time, and hears again once it has another', async (t) => {
  const { url, authenticate, authenticator, seams, other, andHear } = await startNodes(t, 'PostgreSQL')
  const client = await connect(t, url)
  const { user, token } = await makeUser(other, 'ann')
  await authenticate(token.key)
  await authenticate(token.key)
  t.match(authenticator.statistics, { hits: 1, watch: 'live' })

  await client.query(`select pg_terminate_backend(pid) ${CONNECTIONS} and application_name like '%listener'`)
  await until(() => authenticator.statistics.watch === 'lost')
  const before = seams.counts.asked
  t.ok(await authenticate(token.key))
  t.equal(seams.counts.asked, before + 1)

  await until(() => authenticator.statistics.watch === 'live')
  t.ok(await authenticate(token.key))
  await andHear(() => other.tokens.revoke(user, token.id))
  t.equal(await authenticate(token.key), null)
})

t.test('without triggers nothing is remembered', async (t) => {
  const url = await createDatabase(t)
  await (await openAuthtoken({ database: url, migrate: true })).close()
  await (await connect(t, url)).query('drop trigger authtoken_deleted on authtoken_token')
  const authtoken = await openAuthtoken({ database: url })
  t.teardown(() => authtoken.close())
  const { token } = await makeUser(authtoken, 'ann')
  const { authenticator } = authtoken
  await authenticator.authenticate(token.key)
  await until(() => authenticator.statistics.watch === 'none')
  t.ok(await authenticator.authenticate(token.key))
  t.ok(await authenticator.authenticate(token.key))
  t.match(authenticator.statistics, { hits: 0, size: 0 })
})

t.test('where nothing can be listened to, an answer is remembered for a second, and no state of a session is used', async (t) => {
  const { url, authenticate, authenticator, own, other } = await startNodes(t, 'PostgreSQL', { database: { withoutListen: 'ttl', pool: { size: 1 } } })
  const client = await connect(t, url)
  const { user, token } = await makeUser(other, 'ann')
  const access = await other.tokens.create(user)
  for (const { key } of [token, token, access, access]) t.ok(await authenticate(key))
  t.match(authenticator.statistics, { hits: 2, size: 2 })

  t.same((await client.query(`select application_name, count(*)::int ${CONNECTIONS} group by 1`)).rows, [{ application_name: 'fastify-authtoken', count: 2 }])
  for (const { database } of [own, other]) {
    const pool = poolOf(database)
    t.same((await pool.query('select name from pg_prepared_statements')).rows, [])
    t.same((await pool.query('select pg_listening_channels()')).rows, [])
    t.same((await pool.query("select name, setting from pg_settings where source in ('client', 'session') and name like '%timeout'")).rows, [])
  }

  await other.tokens.revokeAll(user)
  await sleep(1_050)
  for (const { key } of [token, access]) t.equal(await authenticate(key), null)
})

t.test('what waits on a connection that the network forgot fails when the network is back, and the next one works', async (t) => {
  const url = await createDatabase(t)
  await (await openAuthtoken({ database: url, migrate: true })).close()
  const proxy = await startProxy(Number(new URL(url).port))
  const authtoken = await openAuthtoken({ database: Object.assign(new URL(url), { port: proxy.port }).href })
  t.teardown(() => {
    proxy.close()
    return authtoken.close()
  })
  const { authenticator, tokens } = authtoken
  const { user, token } = await makeUser(authtoken, 'ann')
  await authenticator.authenticate(token.key)
  await until(() => authenticator.statistics.watch === 'live')

  proxy.cut()
  const waiting = [t.rejects(tokens.create(user), { code: 'AUTHTOKEN_DATABASE_UNAVAILABLE' }), t.rejects(tokens.get(user, 'any'), { code: 'AUTHTOKEN_DATABASE_UNAVAILABLE' })]
  await until(() => authenticator.statistics.watch === 'lost')
  proxy.forget()
  await until(() => authenticator.statistics.watch === 'live')
  t.ok(await authenticator.authenticate(token.key))
  t.ok(await tokens.create(user))
  await Promise.all(waiting)
})
