import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { eq, or } from 'drizzle-orm'
import { boolean, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { integer as sqliteInteger, sqliteTable, text as sqliteText } from 'drizzle-orm/sqlite-core'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import authtoken, { type HostOptions, type UserId } from '../../src/index.js'
import { buildHost } from '../support/applications.js'
import { makeUser } from '../support/users.js'
import { hostTables, IDS, isPostgres, logIn, startHost, tokenTables } from '../support/host-tables.js'

const REFUSED = { non_field_errors: ['Unable to log in with provided credentials.'] }
// Of "right", with one round: each login would cost a tenth of a second otherwise.
const ENCODED = 'pbkdf2_sha256$1$salt$ROyM/iuk2SczHFjYoqDME9bx8b2aVf2IJuvZ0qLnUd8='

t.test('the column of passwords and the unique username are taken by their usual names', async (t) => {
  const { app, db, people, authenticate } = await startHost(t)
  await db.insert(people).values([
    { id: 1, email: 'ann@example.org', passwordHash: ENCODED },
    { id: 2, email: 'off@example.org', passwordHash: ENCODED, isActive: false },
    { id: 3, email: 'gone@example.org', passwordHash: ENCODED, deletedAt: new Date() },
    { id: 4, email: 'none@example.org', passwordHash: null }
  ])
  const response = await logIn(app, 'ann@example.org', 'right')
  t.equal(response.statusCode, 200)
  t.match(await authenticate(response.json().token), { status: 200, user: { email: 'ann@example.org' } })
  for (const [email, password] of [['ann@example.org', 'wrong'], ['off@example.org', 'right'], ['gone@example.org', 'right'], ['none@example.org', 'right'], ['nobody@example.org', 'right'], ['1', 'right']] as const) {
    const refused = await logIn(app, email, password)
    t.same([refused.statusCode, refused.json()], [400, REFUSED], email)
  }
  const [row] = await db.select().from(people).where(eq(people.id, 1))
  t.equal(row?.passwordHash, ENCODED, "no hash of the host's is replaced unasked")
})

t.test('a weaker hash is replaced where the host says so', async (t) => {
  const { app, db, people } = await startHost(t, { passwords: { rehash: true } })
  await db.insert(people).values({ id: 1, email: 'ann@example.org', passwordHash: ENCODED })
  t.equal((await logIn(app, 'ann@example.org', 'right')).statusCode, 200)
  const [row] = await db.select().from(people)
  t.match(row?.passwordHash, /^argon2\$argon2id\$/)
  t.equal((await logIn(app, 'ann@example.org', 'right')).statusCode, 200)
})

t.test("the host's own check finds users by several fields, with passwords that we compare", async (t) => {
  const { app, db, people, authenticate, log } = await startHost(t, {
    passwords: { size: 1, concurrency: 1 },
    verifyCredentials: async (username, password, { server, headers }) => {
      const [row] = await db.select().from(people).where(or(eq(people.email, username), eq(people.nickname, username)))
      return headers['x-tenant'] !== 'other' && await server.authtoken.passwords.verify(row?.passwordHash ?? null, password) ? row as object : null
    }
  })
  await db.insert(people).values([{ id: 1, email: 'ann@example.org', nickname: '+43 1 234', passwordHash: ENCODED }, { id: 2, email: 'off@example.org', passwordHash: ENCODED, isActive: false }])
  for (const name of ['ann@example.org', '+43 1 234']) t.match(await authenticate((await logIn(app, name, 'right')).json().token), { status: 200, userId: 1 }, name)
  for (const [name, password] of [['ann@example.org', 'wrong'], ['off@example.org', 'right'], ['nobody', 'right']] as const) {
    const refused = await logIn(app, name, password)
    t.same([refused.statusCode, refused.json()], [400, REFUSED], name)
  }
  t.equal((await app.inject({ method: 'POST', url: '/api-token-auth/', headers: { 'x-tenant': 'other' }, payload: { username: 'ann@example.org', password: 'right' } })).statusCode, 400, 'it is given the request')

  const flood = await Promise.all(Array.from({ length: 8 }, () => logIn(app, 'nobody', 'wrong')))
  const full = flood.filter(({ statusCode }) => statusCode === 503)
  t.ok(full.length > 0, 'the queue is bounded')
  t.match(full[0]?.headers, { 'retry-after': /^\d+$/ })
  t.same([...new Set(flood.map(({ statusCode }) => statusCode))].sort(), [400, 503])
  for (const secret of ['right', 'wrong', ENCODED]) t.notMatch(log.join(''), secret)
})

/** Users of whom nothing is known that anybody logs in with. */
const entries = isPostgres ? postgresEntries() : sqliteEntries() as unknown as ReturnType<typeof postgresEntries>

function postgresEntries () {
  return pgTable('entries', { id: integer().primaryKey(), uid: text().notNull(), active: boolean().notNull() })
}

function sqliteEntries () {
  return sqliteTable('entries', { id: sqliteInteger().primaryKey(), uid: sqliteText().notNull(), active: sqliteInteger({ mode: 'boolean' }).notNull() })
}

/** A directory that answers after a while, as LDAP behind a gateway does. */
async function startDirectory (t: Test) {
  const server = createServer(async (request, response) => {
    const { uid, secret } = JSON.parse(String((await request.toArray())[0]))
    await sleep(30)
    response.writeHead(uid === 'broken' ? 500 : secret === 'right' ? 200 : 401).end(JSON.stringify({ uid }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close(); server.closeAllConnections() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('logins against another system, with no column of passwords', async (t) => {
  const directory = await startDirectory(t)
  const { db } = await hostTables(t, { people: entries, ...tokenTables(entries) })
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(authtoken, {
    database: db,
    tables: tokenTables(entries),
    users: { table: entries },
    verifyCredentials: async (uid: string, secret: string) => {
      const response = await fetch(directory, { method: 'POST', body: JSON.stringify({ uid, secret }) })
      if (response.status === 401) return null
      if (!response.ok) throw Object.assign(new Error('The directory does not answer'), { statusCode: 502 })
      const [row] = await db.select().from(entries).where(eq(entries.uid, uid))
      return row ?? null
    }
  } as unknown as HostOptions)
  await db.insert(entries).values([{ id: 1, uid: 'ann', active: true }, { id: 2, uid: 'off', active: false }])
  const logins = await Promise.all([logIn(app, 'ann', 'right'), logIn(app, 'ann', 'wrong'), logIn(app, 'off', 'right'), logIn(app, 'nobody', 'right'), logIn(app, 'broken', 'right')])
  t.same(logins.map(({ statusCode }) => statusCode), [200, 400, 400, 400, 502])
  t.match(logins[0]?.json(), { token: /^[0-9a-f]{40}$/ })
  t.same(logins[1]?.json(), REFUSED)
})

t.test('a check that fails, or answers with no user, is an error of the host', async (t) => {
  const answers: Record<string, unknown> = { nothing: undefined, no: false, name: 'ann', anonymous: { email: 'ann@example.org' }, object: { id: {} } }
  const { app, log } = await startHost(t, {
    verifyCredentials: (username) => {
      if (username === 'throws') throw new Error('no such host')
      return answers[username] as object
    }
  })
  const answer = async (username: string) => {
    const response = await logIn(app, username, 'pass-of-ann')
    return [response.statusCode, response.json()]
  }
  const wrong = { host: 'verifyCredentials must return the user with its id, as { id }, or null' }
  t.same(await answer('nothing'), [400, REFUSED])
  for (const name of ['no', 'name', 'anonymous', 'object']) t.same(await answer(name), [500, wrong], name)
  t.same(await answer('throws'), [500, { host: 'no such host' }])
  t.notMatch(log.join(''), 'pass-of-ann')
})

for (const [kind, { column, ids: [known, unknown] }] of Object.entries(IDS)) {
  t.test(`an id that nobody has is refused as a wrong password is: ${kind}`, async (t) => {
    let id: UserId = known
    const { app, db, people } = await startHost(t, { ids: column, verifyCredentials: () => ({ id }) })
    await db.insert(people).values({ id: known as number, email: 'ann@example.org' })
    const status = async (given: unknown) => {
      id = given as UserId
      return (await logIn(app, 'ann', 'x')).statusCode
    }
    t.equal(await status(known), 200)
    t.equal(await status(String(known)), 200, 'as text')
    if (kind === 'uuid' && isPostgres) t.equal(await status(String(known).toUpperCase()), 200, 'in capitals')
    for (const given of [unknown, 'nobody', '', '1.5', -1, 2n ** 70n, 'a\0b']) t.equal(await status(given), 400, encodeURIComponent(String(given)))
  })
}

t.test("Django's own users may be checked by the host too", async (t) => {
  const app = await buildHost(t, { verifyCredentials: (username, password) => password === 'right' ? { id: Number(username) } : null })
  const { user } = await makeUser(app.authtoken, 'ann')
  app.get('/me', async (request) => ({ username: request.user?.username }))
  const { token } = (await logIn(app, String(user.id), 'right')).json()
  t.same((await app.inject({ url: '/me', headers: { authorization: `Token ${token}` } })).json(), { username: 'ann' })
  t.same((await logIn(app, String(user.id), 'wrong')).json(), REFUSED)
  t.equal((await logIn(app, '99', 'right')).statusCode, 400)
})
