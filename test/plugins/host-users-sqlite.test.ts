import SQLite from 'better-sqlite3'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { AUTHENTICATOR } from '../../plugins/token-auth.js'
import authtoken from '../../src/index.js'
import { authtokenTables } from '../../src/sqlite.js'
import { fileUrl } from '../support/databases.js'
import { migrateHost } from '../support/migrate-host.js'

const people = sqliteTable('people', { id: integer().primaryKey(), email: text().notNull().unique(), active: integer({ mode: 'boolean' }).notNull().default(true) })
const tables = authtokenTables(people)

/** A host with a user and a token of each kind, the statements that its connection runs, and who the caller is. */
async function setUp (t: Test) {
  const url = fileUrl(t)
  await migrateHost(url, { people, ...tables })
  const queries: string[] = []
  const client = new SQLite(url.slice('file:'.length), { verbose: (query) => { queries.push(String(query)) } })
  const db = drizzle(client)
  const app = Fastify()
  t.teardown(async () => {
    await app.close()
    client.close()
  })
  await app.register(authtoken, { database: db, tables, users: { table: people }, verifyCredentials: () => ({ id: 1 }) })
  db.insert(people).values({ id: 1, email: 'ann@example.org' }).run()
  const keys = { drf: (await app.authtoken.tokens.getOrCreate({ id: 1 })).key, access: (await app.authtoken.tokens.create({ id: 1 })).key }
  const { authenticator } = app[AUTHENTICATOR]
  const active = (kind: keyof typeof keys) => {
    const identity = authenticator.authenticate(keys[kind])
    if (identity instanceof Promise) throw new Error('SQLite answers at once')
    return identity?.isActive
  }
  return { client, db, app, keys, queries, active }
}

t.test('what the host writes is seen by the next check, in the same tick', async (t) => {
  const { db, client, active } = await setUp(t)
  const setActive = (active: boolean) => db.update(people).set({ active }).where(eq(people.id, 1)).run()
  for (const kind of ['drf', 'access'] as const) {
    // Long before a millisecond has passed.
    for (let round = 0; round < 3; round++) {
      t.equal(active(kind), true)
      setActive(false)
      t.equal(active(kind), false)
      setActive(true)
    }
    t.throws(() => db.transaction((tx) => {
      tx.update(people).set({ active: false }).run()
      t.equal(active(kind), false)
      throw new Error('taken back')
    }), { message: 'taken back' })
    t.equal(active(kind), true, 'what was taken back is not remembered')
    client.exec('begin; update people set active = 0; commit')
    t.equal(active(kind), false)
    setActive(true)
  }
  t.equal(active('drf'), true)
  db.delete(tables.authtokenToken).run()
  t.equal(active('drf'), undefined)
  t.equal(active('access'), true)
  db.delete(people).run()
  t.equal(active('access'), undefined)
})

t.test('a check is one query, and none where the answer is remembered', async (t) => {
  const { app, keys, queries } = await setUp(t)
  app.get('/', { config: { authtoken: { permission: 'isAuthenticated' } } }, async ({ user }) => user)
  for (const kind of ['drf', 'access'] as const) {
    const ask = async () => {
      queries.length = 0
      t.equal((await app.inject({ url: '/', headers: { authorization: `Token ${keys[kind]}` } })).statusCode, 200)
      return queries.filter((query) => !/^(pragma data_version|select total_changes\(\))$/.test(query))
    }
    const [query, ...more] = await ask()
    t.match(query, /^select .* from "/, kind)
    t.same(more, [])
    for (const part of String(query).split(' union all ')) t.notMatch(part, /select .*"email".*"email".* from/, 'each column once')
    t.same(await ask(), [], `${kind}: remembered`)
  }
})
