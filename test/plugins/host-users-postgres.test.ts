import { eq } from 'drizzle-orm'
import { boolean, integer, pgTable, text, timestamp, uuid, withReplicas } from 'drizzle-orm/pg-core'
import Fastify from 'fastify'
import pg from 'pg'
import t, { type Test } from 'tap'
import { AUTHENTICATOR } from '../../plugins/token-auth.js'
import authtoken, { type HostOptions, openAuthtoken } from '../../src/index.js'
import { authtokenTables, authtokenTriggers } from '../../src/postgres.js'
import { users } from '../../src/database/postgres/schema.js'
import { authenticateOn, type Db, declareMe } from '../support/host-tables.js'
import { execute, migrateHost } from '../support/migrate-host.js'
import { createDatabase } from '../support/postgres/database.js'
import { until } from '../support/until.js'
import { hostDatabase } from '../support/sql.js'

const people = pgTable('people', { personId: uuid().primaryKey(), email: text().notNull().unique(), passwordHash: text(), mustChangePassword: boolean().notNull().default(false), isActive: boolean().notNull().default(true), lastLogin: timestamp(), visits: integer().notNull().default(0) })
const tables = authtokenTables(people, { id: people.personId })
const ID = '0198c2a4-7d3e-7000-8f00-3b9aca00abcd'
const OTHER = '0198c2a4-7d3e-7000-8f00-3b9aca00abce'
const casing = 'snake_case'
const breakpoint = '--> statement-breakpoint'

/** A host with two users and tokens of both kinds, and whether what its node knows is told of. */
async function setUp (t: Test, { triggers, ...options }: { triggers?: string } & Partial<HostOptions> = {}) {
  const url = await createDatabase(t)
  await migrateHost(url, { people, ...tables }, casing)
  if (triggers !== undefined) await execute(url, triggers.split(breakpoint))
  const db = hostDatabase(t, url, { casing }) as unknown as Db
  const log: string[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { log.push(line) } } } })
  t.teardown(() => app.close())
  await app.register(authtoken, { database: db, tables, users: { table: people }, exchange: false, ...options } as unknown as HostOptions)
  declareMe(app)
  await db.insert(people).values([{ personId: ID, email: 'ann@example.org' }, { personId: OTHER, email: 'bob@example.org' }])
  const { tokens } = app.authtoken
  const keys = { drf: (await tokens.getOrCreate({ id: ID })).key, access: (await tokens.create({ id: ID })).key, other: (await tokens.create({ id: OTHER })).key }
  const authenticate = authenticateOn(app)
  const statistics = () => (app[AUTHENTICATOR].authenticator as unknown as { statistics: { hits: number, misses: number, watch: string } }).statistics
  await authenticate('nobody')
  return { url, db, app, keys, log, statistics, status: async (kind: keyof typeof keys) => (await authenticate(keys[kind])).status }
}

t.test('with triggers a node hears of what the host writes, and remembers the rest', async (t) => {
  const { db, status, statistics, log } = await setUp(t, { triggers: authtokenTriggers(people, { id: people.personId, casing }) })
  await until(() => statistics().watch === 'live')
  t.same(log, [])
  const all = ['drf', 'access', 'other'] as const
  const remembered = async () => {
    const { misses } = statistics()
    for (const kind of all) await status(kind)
    return statistics().misses === misses
  }
  for (const kind of all) t.equal(await status(kind), 200)
  t.ok(await remembered())

  for (const [change, back] of [[{ isActive: false }, { isActive: true }]]) {
    await db.update(people).set(change as object).where(eq(people.personId, ID))
    await until(async () => await status('drf') === 401 && await status('access') === 401)
    t.equal(await status('other'), 200)
    await db.update(people).set(back as object)
    await until(async () => await status('drf') === 200 && await status('access') === 200)
  }
  await db.delete(tables.authtokenToken)
  await until(async () => await status('drf') === 401)
  t.equal(await status('access'), 200)
  await db.delete(people).where(eq(people.personId, ID))
  await until(async () => await status('access') === 401)
  t.equal(await status('other'), 200)
  await db.execute('truncate authtoken_accesstoken')
  await until(async () => await status('other') === 401)
})

/** What is told of a write: all that comes before a notice of our own, which is sent behind it. */
async function listenTo (t: Test, url: string) {
  const client = new pg.Client(url)
  await client.connect()
  t.teardown(() => client.end())
  await client.query('listen authtoken')
  return async (statement: string): Promise<string[]> => {
    const heard: string[] = []
    const ended = new Promise<void>((resolve) => {
      client.removeAllListeners('notification')
      client.on('notification', ({ payload = '' }) => payload === 'end' ? resolve() : heard.push(payload))
    })
    await client.query(statement)
    await client.query("notify authtoken, 'end'")
    await ended
    return heard
  }
}

t.test('new hashes and logins tell nothing, nor what the host says need not be heard; what is part of a user does', async (t) => {
  const { url } = await setUp(t, { triggers: authtokenTriggers(people, { id: people.personId, casing }) })
  const told = await listenTo(t, url)
  const ofAnn = `where person_id = '${ID}'`
  for (const quiet of ["password_hash = 'another'", 'last_login = now()', 'visits = visits']) t.same(await told(`update people set ${quiet}`), [], quiet)
  for (const news of ['is_active = false', 'must_change_password = true', 'visits = 1', "email = 'a@example.org'"]) t.same(await told(`update people set ${news} ${ofAnn}`), [`user ${ID}`], news)
  t.same((await told(`update authtoken_token set created = now() where user_id = '${ID}'`)).length, 1)

  await execute(url, authtokenTriggers(people, { id: people.personId, casing, tables, ignore: [people.visits] }).split(breakpoint))
  t.same(await told('update people set visits = 2'), [])
  t.same(await told(`update people set password_hash = 'x' ${ofAnn}`), [`user ${ID}`], 'in place of what is usual')
  t.same(await told('truncate people cascade'), ['all'])
})

t.test('names that need quotes, and ids too long for a notice', async (t) => {
  const url = await createDatabase(t)
  const odd = pgTable("Bob's people", { id: text("the id's").primaryKey(), email: text().notNull() })
  await migrateHost(url, { odd, ...authtokenTables(odd) })
  await execute(url, authtokenTriggers(odd).split(breakpoint))
  const told = await listenTo(t, url)
  await told('insert into "Bob\'s people" values (\'Ann "Ω"\', \'\'), (repeat(\'x\', 1001), \'\')')
  t.same((await told('update "Bob\'s people" set email = \'new\'')).sort(), ['all', 'user Ann "Ω"'])
})

t.test('without triggers what others do is known within a second, which is said once', async (t) => {
  const { db, status, statistics, log } = await setUp(t)
  t.equal(log.length, 1)
  t.match(JSON.parse(log[0] ?? '{}'), { level: 40, msg: 'The database does not tell of changes (authtokenTriggers makes the triggers that do): what others revoke is noticed within 1 second' })
  t.same([await status('drf'), await status('drf')], [200, 200])
  t.equal(statistics().hits, 1)
  await db.update(people).set({ isActive: false })
  await until(async () => await status('drf') === 401)
})

t.test('without triggers the database is asked each time where the host says so, and nothing is said', async (t) => {
  const { db, status, statistics, log } = await setUp(t, { withoutListen: 'ask' })
  await until(() => statistics().watch === 'none')
  t.same([await status('drf'), await status('drf'), await status('access')], [200, 200, 200])
  await db.update(people).set({ isActive: false })
  t.same([await status('drf'), await status('access')], [401, 401])
  t.equal(statistics().hits, 0)
  t.same(log, [])
})

t.test('of replicas it is the primary that is asked', async (t) => {
  const { app, db, keys, url } = await setUp(t)
  await app.close()
  const behind = hostDatabase(t, await createDatabase(t), { casing }) as unknown as Db
  const other = Fastify()
  t.teardown(() => other.close())
  await other.register(authtoken, { database: withReplicas(hostDatabase(t, url, { casing }) as unknown as Db, [behind]), tables, users: { table: people }, exchange: false } as unknown as HostOptions)
  declareMe(other)
  t.equal((await authenticateOn(other)(keys.access)).status, 200)
  t.equal(await db.$count(people), 2)
})

t.test('the triggers can be made again, and those of our own tables are the same', async (t) => {
  const url = await createDatabase(t)
  await (await openAuthtoken({ database: url, migrate: true })).close()
  const definitions = async () => {
    const client = new pg.Client(url)
    await client.connect()
    const { rows } = await client.query(`
      select tgname || tgrelid::regclass::text as name, tgenabled, pg_get_triggerdef(pg_trigger.oid) as definition from pg_trigger where tgname like 'authtoken%'
      union all select proname, 'f', pg_get_functiondef(pg_proc.oid) from pg_proc where proname like 'authtoken%' order by name`)
    await client.end()
    return rows.map(({ definition, ...row }) => ({ ...row, definition: definition.replace(/\s+/g, ' ') }))
  }
  const ours = await definitions()
  t.equal(ours.length, 13)
  for (let i = 0; i < 2; i++) await execute(url, authtokenTriggers(users).split(breakpoint))
  t.same(await definitions(), ours)
})

t.test('a check is one query, and none where the answer is remembered', async (t) => {
  const { app, keys, db } = await setUp(t)
  const asked: string[] = []
  const pool = (db as unknown as { $client: pg.Pool }).$client
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown
  Object.assign(pool, {
    query: (...args: unknown[]) => {
      asked.push((args[0] as { text?: string }).text ?? String(args[0]))
      return query(...args)
    }
  })
  for (const kind of ['drf', 'access'] as const) {
    const ask = async () => {
      asked.length = 0
      t.equal((await app.inject({ url: '/me', headers: { authorization: `Token ${keys[kind]}` } })).statusCode, 200)
      return asked
    }
    t.match(await ask(), [/^\(?select .* from "(authtoken_token|authtoken_accesstoken)"/], kind)
    t.equal((await ask()).length, 0, `${kind}: remembered`)
  }
})
