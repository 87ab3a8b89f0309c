import { eq } from 'drizzle-orm'
import { boolean, integer, pgTable, pgTableCreator, text, uuid } from 'drizzle-orm/pg-core'
import { integer as sqliteInteger, sqliteTable, sqliteTableCreator, text as sqliteText } from 'drizzle-orm/sqlite-core'
import Fastify, { type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import authtoken, { createAuthtoken, type HostOptions } from '../../src/index.js'
import { authtokenTables as postgresTables } from '../../src/postgres.js'
import { authtokenTables as sqliteTables } from '../../src/sqlite.js'
import { hostTables, isPostgres, peopleTable, startHost, tokenTables } from '../support/host-tables.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

/** A shop's staff and its customers, each with an id of another kind. */
async function openShop (t: Test) {
  const staff = peopleTable(undefined, 'staff')
  const customers = isPostgres ? postgresCustomers() : sqliteCustomers() as unknown as ReturnType<typeof postgresCustomers>
  const prefixed = (name: string) => `shop_${name}`
  const [ofStaff, ofCustomers] = [tokenTables(staff), tokenTables(customers, { table: isPostgres ? pgTableCreator(prefixed) : sqliteTableCreator(prefixed) })]
  const { db } = await hostTables(t, { staff, customers, ...Object.fromEntries(Object.entries(ofStaff).map(([name, table]) => [`staff${name}`, table])), ...ofCustomers })
  await db.insert(staff).values({ id: 1, email: 'same@example.org', isAdmin: true })
  await db.insert(customers).values({ id: CUSTOMER, mail: 'same@example.org', pwd: 'secret' })

  const handles = {
    staff: createAuthtoken({ database: db, tables: ofStaff, users: { table: staff }, withoutListen: 'ask', verifyCredentials: () => ({ id: 1 }), tokens: { prefix: 'staff' } }),
    customers: createAuthtoken({ database: db, tables: ofCustomers, users: { table: customers, username: customers.mail, password: customers.pwd, select: { who: customers.mail, key: customers.id } }, withoutListen: 'ask', verifyCredentials: () => ({ id: CUSTOMER }) })
  }
  const app = Fastify()
  t.teardown(() => app.close())
  const issued: Record<string, string> = {}
  for (const [name, { plugin }] of Object.entries(handles)) {
    await app.register(async (scope) => {
      await scope.register(plugin)
      issued[name] = (await scope.authtoken.tokens.create({ id: name === 'staff' ? 1 : CUSTOMER })).key
      const answer = async (request: FastifyRequest) => ({ staff: handles.staff.user(request), customer: handles.customers.user(request), tokens: [handles.staff.auth(request)?.userId ?? null, handles.customers.auth(request)?.userId ?? null] })
      scope.get('/me', answer)
      scope.get('/admin', { config: { authtoken: { permission: 'isAdminUser' } } }, answer)
      await scope.register(async (inner) => { inner.get('/inner', answer) })
    }, { prefix: `/${name}` })
  }
  app.get('/outside', async (request) => ({ staff: handles.staff.user(request), customer: handles.customers.user(request), auth: handles.staff.auth(request) }))
  const ask = async (url: string, key?: string) => {
    const response = await app.inject({ url, headers: key === undefined ? {} : { authorization: `Token ${key}` } })
    return { status: response.statusCode, ...response.json() }
  }
  const exchange = async (name: string) => (await app.inject({ method: 'POST', url: `/${name}/api-token-auth/`, payload: { username: 'same@example.org', password: 'x' } })).json().token as string
  return { app, db, staff, customers, handles, issued, ask, exchange }
}

const CUSTOMER = '0198c2a4-7d3e-7000-8f00-3b9aca00abcd'
const postgresCustomers = () => pgTable('customers', { id: uuid().primaryKey(), mail: text().notNull().unique(), pwd: text(), blocked: boolean().notNull().default(false) })
const sqliteCustomers = () => sqliteTable('customers', { id: sqliteText().primaryKey(), mail: sqliteText().notNull().unique(), pwd: sqliteText(), blocked: sqliteInteger({ mode: 'boolean' }).notNull().default(false) })

t.test('two tables of users in sibling scopes: separate users, separate tokens', async (t) => {
  const { db, staff, issued, ask, exchange } = await openShop(t)
  for (const [employee, customer] of [[issued.staff, issued.customers], [await exchange('staff'), await exchange('customers')]] as Array<[string, string]>) {
    for (const path of ['/staff/me', '/staff/inner', '/staff/admin']) t.match(await ask(path, employee), { status: 200, staff: { id: 1, email: 'same@example.org', isAdmin: true }, customer: null, tokens: [1, null] }, path)
    for (const path of ['/customers/me', '/customers/inner']) t.same(await ask(path, customer), { status: 200, staff: null, customer: { who: 'same@example.org', key: CUSTOMER }, tokens: [null, CUSTOMER] }, path)
    t.equal((await ask('/customers/admin', customer)).status, 403)
    t.match([await ask('/customers/me', employee), await ask('/staff/me', customer)], [{ status: 401, detail: 'Invalid token.' }, { status: 401, detail: 'Invalid token.' }])
    t.same(await ask('/outside', employee), { status: 200, staff: null, customer: null, auth: null })
  }
  t.same(await ask('/staff/me'), { status: 200, staff: null, customer: null, tokens: [null, null] })

  await db.update(staff).set({ isActive: false }).where(eq(staff.id, 1))
  t.match([await ask('/staff/me', issued.staff), await ask('/customers/me', issued.customers)], [{ status: 401 }, { status: 200 }])
})

t.test('through its handle each has its own types', async (t) => {
  // This compiles only where they are right.
  const people = pgTable('people', { id: integer().primaryKey(), email: text().notNull().unique(), passwordHash: text(), age: integer() })
  const staff = createAuthtoken({ database: null as never, tables: postgresTables(people), users: { table: people } })
  const row: Same<ReturnType<typeof staff.user>, Omit<typeof people.$inferSelect, 'password' | 'passwordHash' | 'hashedPassword' | 'encryptedPassword'> | null> = true
  const age: Same<NonNullable<ReturnType<typeof staff.user>>['age'], number | null> = true
  const hash: 'passwordHash' extends keyof NonNullable<ReturnType<typeof staff.user>> ? true : false = false

  const clients = sqliteTable('clients', { id: sqliteText().primaryKey(), mail: sqliteText().notNull().unique(), pwd: sqliteText('secret'), since: sqliteInteger({ mode: 'timestamp' }) })
  const named = createAuthtoken({ database: null as never, tables: sqliteTables(clients), users: { table: clients, username: clients.mail, password: clients.pwd } })
  const keys: Same<keyof NonNullable<ReturnType<typeof named.user>>, 'id' | 'mail' | 'since'> = true
  const chosen = createAuthtoken({ database: null as never, tables: sqliteTables(clients), users: { table: clients, username: clients.mail, password: clients.pwd, select: { who: clients.mail, since: clients.since } } })
  const select: Same<ReturnType<typeof chosen.user>, { who: string, since: Date | null } | null> = true
  t.same([row, age, hash, keys, select], [true, true, false, true, true])
  for (const handle of [staff, named, chosen]) t.equal(handle.user({ server: Fastify() } as unknown as FastifyRequest), null)
})

t.test('two registrations in one scope, or in one around it, are refused', async (t) => {
  const { app, db, people, tables } = await startHost(t)
  const again = { database: db, tables, users: { table: people }, exchange: false } as unknown as HostOptions
  const problem = { message: 'authtoken is registered in this scope already, or in one around it; two registrations must be in sibling scopes' }
  await t.rejects(async () => await app.register(authtoken, again), problem)
  const other = Fastify()
  await other.register(createAuthtoken(again).plugin)
  await t.rejects(async () => { await other.register(createAuthtoken(again).plugin) }, problem)
  await other.close()
})

t.test('the database stays open when the application closes', async (t) => {
  const { app, db, people, tables } = await startHost(t)
  await app.close()
  await db.insert(people).values({ id: 1, email: 'ann@example.org' })
  t.same([await db.$count(people), await db.$count(tables.authtokenToken)], [1, 0])
})
