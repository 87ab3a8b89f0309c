import { eq, type Table } from 'drizzle-orm'
import { boolean, integer, pgSchema, pgTable, pgTableCreator, text } from 'drizzle-orm/pg-core'
import { integer as sqliteInteger, sqliteTable, sqliteTableCreator, text as sqliteText } from 'drizzle-orm/sqlite-core'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import authtoken, { type HostOptions } from '../../src/index.js'
import { authenticateOn, type Db, declareMe, hostTables, isPostgres, peopleTable, tokenTables } from '../support/host-tables.js'

/** Registers the plugin, makes a user with a token of each kind, and asks who the caller is. */
async function live (t: Test, db: Db, people: Table, row: object, id: number, options: Partial<HostOptions>) {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(authtoken, { database: db, users: { table: people }, exchange: false, withoutListen: 'ask', ...options } as HostOptions)
  declareMe(app)
  const authenticate = authenticateOn(app)
  await db.insert(people as never).values(row as never)
  const { tokens } = app.authtoken
  for (const { key } of [await tokens.getOrCreate({ id }), await tokens.create({ id }, { name: 'ci', expiresIn: 60 })]) t.match(await authenticate(key), { status: 200, userId: id, user: row })
  await tokens.rotate({ id }, (await tokens.list({ id }, { limit: 9 })).tokens[1]?.id ?? '', { grace: 9 })
  t.match(await tokens.list({ id }, { limit: 9 }), { count: 3 })
  await tokens.revokeAll({ id })
  t.match(await tokens.list({ id }, { limit: 9 }), { count: 0 })
  return app
}

t.test('tables that a prefix names, with names that need quotes', async (t) => {
  const name = (name: string) => `My ${name}, the 'Ω' of-Order`
  const table = isPostgres ? pgTableCreator(name) : sqliteTableCreator(name)
  const people = peopleTable(undefined, name('people'))
  const tables = tokenTables(people, { table })
  const { db } = await hostTables(t, { people, ...tables })
  await live(t, db, people, { id: 7, email: 'ann@example.org' }, 7, { tables })
})

t.test('an id of another name, and columns whose names the Drizzle instance makes', async (t) => {
  const people = isPostgres
    ? pgTable('People', { personId: integer().primaryKey(), loginName: text().notNull().unique(), encryptedPassword: text(), isActive: boolean().notNull(), 'odd "name"': text() })
    : sqliteTable('People', { personId: sqliteInteger().primaryKey(), loginName: sqliteText().notNull().unique(), encryptedPassword: sqliteText(), isActive: sqliteInteger({ mode: 'boolean' }).notNull(), 'odd "name"': sqliteText() })
  const tables = tokenTables(people, { id: people.personId })
  for (const casing of ['snake_case', 'camelCase'] as const) {
    const { db } = await hostTables(t, { people, ...tables }, { casing })
    const app = await live(t, db, people, { personId: 9, loginName: 'ann', isActive: true, 'odd "name"': 'odd' }, 9, { tables, exchange: {}, users: { table: people, username: people.loginName }, verifyCredentials: () => ({ personId: 9 }) })
    t.match((await app.inject({ method: 'POST', url: '/api-token-auth/', payload: { username: 'ann', password: 'x' } })).json(), { token: /^[0-9a-f]{40}$/ }, casing)
  }
  t.throws(() => tokenTables(people), { message: 'authtokenTables: the table People has no column "id"; name the one of the users\' ids, as { id: People.userId }' })
})

t.test('two sets of tables in one schema', async (t) => {
  const [staff, customers] = [peopleTable(undefined, 'staff'), peopleTable(undefined, 'customers')]
  const creator = (prefix: string) => isPostgres ? pgTableCreator((name) => prefix + name) : sqliteTableCreator((name) => prefix + name)
  const [ofStaff, ofCustomers] = [tokenTables(staff, { table: creator('staff_') }), tokenTables(customers, { table: creator('customers_') })]
  const { db } = await hostTables(t, { staff, customers, ...Object.fromEntries(Object.entries(ofStaff).map(([name, table]) => [`staff${name}`, table])), ...ofCustomers })
  await live(t, db, staff, { id: 1, email: 'staff@example.org' }, 1, { tables: ofStaff })
  await live(t, db, customers, { id: 1, email: 'customer@example.org' }, 1, { tables: ofCustomers })
})

t.test('a schema of PostgreSQL\'s, beside tables of the same names in another', { skip: !isPostgres && 'PostgreSQL alone has schemas' }, async (t) => {
  const auth = pgSchema('Auth')
  const people = auth.table('people', { id: integer().primaryKey(), email: text().notNull().unique(), isActive: boolean().notNull().default(true) })
  const others = peopleTable()
  const tables = tokenTables(people, { table: auth.table })
  const { db } = await hostTables(t, { auth, people, others, ...tables, ofOthers: tokenTables(others).authtokenToken, accessOfOthers: tokenTables(others).authtokenAccesstoken, state: tokenTables(others).authtokenState })
  const app = await live(t, db, people, { id: 1, email: 'ann@example.org' }, 1, { tables })
  const { key } = await app.authtoken.tokens.create({ id: 1 })
  await db.update(people).set({ isActive: false }).where(eq(people.id, 1))
  t.match(await authenticateOn(app)(key), { status: 401, detail: 'User inactive or deleted.' })

  await t.rejects(async () => await Fastify().register(authtoken, { database: db, tables: tokenTables(others), users: { table: people }, exchange: false } as unknown as HostOptions),
    { message: 'authtoken: tables.authtokenToken: its user_id does not refer to people.id, so that tokens would outlive their user; make it by authtokenTables(people), with a migration; tables.authtokenAccesstoken: its user_id does not refer to people.id, so that tokens would outlive their user; make it by authtokenTables(people), with a migration' })
})
