import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { sql as expression } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import t, { type Test } from 'tap'
import { builtProgram, ROOT } from '../../../support/repository.js'
import { openAuthtoken } from '../../../../src/index.js'
import { MIGRATIONS_TABLE, readMigrations } from '../../../../src/database/migrations.js'
import { serve } from '../../../../src/commands/serve.js'
import type { Terminal } from '../../../../src/commands/terminal.js'
import { openDatabase } from '../../../../src/database/open-database.js'
import { sealTokens } from '../../../../src/tokens/sealing.js'
import { buildServer } from '../../../../src/service/server.js'
import { loadSettings } from '../../../../src/service/settings.js'
import { djangoOnPostgres } from '../../../support/fixtures.js'
import { makeUser } from '../../../support/users.js'
import { open } from '../../../support/databases.js'
import { withoutCoverage } from '../../../support/without-coverage.js'
import { createDatabase } from '../../../support/postgres/database.js'
import { startPostgres } from '../../../support/postgres/server.js'
import { sql } from '../../../support/sql.js'

const CLI = builtProgram()
const run = promisify(execFile)
const drizzleKit = join(ROOT, 'node_modules/drizzle-kit/bin.cjs')
const NODES = 8

/** The built command line on a database. */
async function command (url: string, ...args: string[]): Promise<{ code: number, err: string }> {
  try {
    await run(...withoutCoverage(process.execPath, CLI, ...args), { env: { ...process.env, DATABASE_URL: url, PORT: '0' } })
    return { code: 0, err: '' }
  } catch (error) {
    return { code: (error as { code: number }).code, err: (error as { stderr: string }).stderr }
  }
}

const OURS = "('authtoken_accesstoken', 'authtoken_state', '__authtoken_migrations')"

/** Columns, indexes and constraints of tables that are not ours. */
const structure = async (url: string, only = 'true') => ({
  columns: await sql(url, `select table_name, column_name, data_type, character_maximum_length, is_nullable from information_schema.columns where table_schema = 'public' and table_name not in ${OURS} and ${only} order by 1, 2`),
  indexes: await sql(url, `select tablename as table_name, indexdef from pg_indexes where schemaname = 'public' and tablename not in ${OURS} and indexname not like '%_like' and ${only.replace('table_name', 'tablename')} order by 1, 2`),
  keys: await sql(url, `select conrelid::regclass::text as table_name, contype, pg_get_constraintdef(oid) as definition from pg_constraint where conrelid::regclass::text not in ${OURS} and contype in ('f', 'p', 'u') and ${only.replace('table_name', 'conrelid::regclass::text')} order by 1, 2, 3`)
})

const rows = async (url: string) => ({ users: await sql(url, 'select *, last_login::text, date_joined::text from auth_user order by id'), tokens: await sql(url, 'select *, created::text from authtoken_token order by user_id') })

/** A role of its own, and the URL with which it comes. */
async function makeRole (t: Test, url: string, ...grants: string[]): Promise<string> {
  const name = `role_${Math.random().toString(36).slice(2)}`
  await sql(url, `create role ${name} login password 'pass'`)
  t.teardown(async () => {
    await sql(url, `drop owned by ${name}`)
    await sql(url, `drop role ${name}`)
  })
  for (const grant of grants) await sql(url, `${grant} to ${name}`)
  return Object.assign(new URL(url), { username: name, password: 'pass' }).href
}

t.test('tables are what Django makes', async (t) => {
  const ours = await createDatabase(t)
  await open(t, { database: ours })
  const only = "table_name in ('auth_user', 'authtoken_token')"
  t.same(await structure(ours, only), await structure(await djangoOnPostgres(t), only))
})

t.test('a database that Django made is adopted by drizzle-kit, without a row or an index changed', async (t) => {
  const url = await djangoOnPostgres(t)
  const before = { rows: await rows(url), structure: await structure(url) }
  const now = async () => ({ rows: await rows(url), structure: await structure(url) })
  await run(...withoutCoverage(process.execPath, drizzleKit, 'migrate'), { cwd: ROOT, env: { ...process.env, DATABASE_URL: url } })
  t.same(await now(), before)
  const { database, authenticator } = await open(t, { database: url })
  t.ok(database.django)
  t.same(await now(), before, 'and by our own migrations, which know that it is done')
  t.same(await database.inspect(), { unusable: [], unready: [], advice: [] })
  t.match(await authenticator.authenticate(String(before.rows.tokens[0]?.key)), { user: { id: before.rows.tokens[0]?.user_id } })
})

t.test('drizzle-kit generate finds no difference between schema and migrations', async (t) => {
  const { stdout } = await run(...withoutCoverage(process.execPath, drizzleKit, 'generate', '--name', 'difference'), { cwd: ROOT, env: { ...process.env, DIALECT: 'postgres' } })
  t.match(stdout, /No schema changes/)
})

t.test('eight nodes that migrate one new database at the same moment all come up', async (t) => {
  const url = await createDatabase(t)
  const nodes = Array.from({ length: NODES }, () => spawn(...withoutCoverage(process.execPath, CLI, 'serve'), { env: { ...process.env, DATABASE_URL: url, MIGRATE: 'true', PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] }))
  t.teardown(() => { for (const node of nodes) node.kill('SIGKILL') })
  const said = await Promise.all(nodes.map(async (node) => {
    let log = ''
    for await (const chunk of node.stdout) {
      log += String(chunk)
      if (/Server listening/.test(log)) return 'listening'
    }
    return log
  }))
  t.same(said, Array(NODES).fill('listening'))
  t.same(await sql(url, `select count(*) as count from ${MIGRATIONS_TABLE}`), [{ count: readMigrations('postgres').length }])
  for (const node of nodes) node.kill('SIGTERM')
  t.same(await Promise.all(nodes.map(async (node) => (await once(node, 'exit'))[0])), Array(NODES).fill(0))
})

t.test('a starter waits for the one that migrates, however long a statement may take', async (t) => {
  const url = await createDatabase(t)
  const other = new pg.Client(url)
  await other.connect()
  await other.query("begin; select pg_advisory_xact_lock(x'61757468'::int)")
  const starting = open(t, { database: url, pool: { queryTimeoutMs: 200 } })
  const waiting = async () => (await sql(url, "select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())")).length
  while (await waiting() === 0) await sleep(10)
  await sleep(600)
  t.equal(await waiting(), 1, 'it waits still')
  await other.query('commit')
  await other.end()
  t.same(await (await starting).database.inspect(), { unusable: [], unready: [], advice: [] })
})

t.test('nodes of the version before a migration and after it run side by side', async (t) => {
  const url = await createDatabase(t)
  const [first, ...later] = readMigrations('postgres')
  await sql(url, (first?.sql ?? []).join(';'))
  await sql(url, `create table ${MIGRATIONS_TABLE} (id serial primary key, hash text not null, created_at bigint)`)
  await sql(url, `insert into ${MIGRATIONS_TABLE} (hash, created_at) values ('x', ${first?.folderMillis})`)
  const before = await open(t, { database: url, migrate: false })
  t.match(await before.database.inspect(), { unready: ['lacks the newest migrations; run "authtoken migrate"'] })

  const traffic = { isOver: false, rounds: 0 }
  const user = await before.users.create({ username: 'ann', password: null })
  const working = (async () => {
    for (; !traffic.isOver; traffic.rounds++) {
      const token = await before.tokens.create(user, { name: 'ci' })
      t.match(await before.authenticator.authenticate(token.key), { user: { username: 'ann' } })
      await before.tokens.revoke(user, token.id)
      t.equal(await before.authenticator.authenticate(token.key), null)
    }
  })()
  await sleep(50)
  const after = await open(t, { database: url })
  t.same(await after.database.inspect(), { unusable: [], unready: [], advice: [] })
  t.ok(later.length > 0)
  const { key } = await after.tokens.getOrCreate(user)
  t.match(await before.authenticator.authenticate(key), { user: { username: 'ann' } })

  await sql(url, 'alter table authtoken_accesstoken add column colour varchar(9)')
  await sql(url, `insert into ${MIGRATIONS_TABLE} (hash, created_at) values ('y', 99999999999999)`)
  await sleep(50)
  traffic.isOver = true
  await working
  t.ok(traffic.rounds > 1, `${traffic.rounds} rounds meanwhile`)
  const started = await open(t, { database: url })
  t.match(await started.database.inspect(), { unusable: [], unready: [], advice: [/^was migrated by a newer version/] })
  t.match(await started.authenticator.authenticate(key), { user: { username: 'ann' } }, 'a node of the version before still starts')
})

t.test('what can not be used is said in one line, without the password', async (t) => {
  const url = await createDatabase(t)
  const { port } = new URL(url)
  const at = (change: Record<string, string>) => Object.assign(new URL(url), change).href
  const nobody = await makeRole(t, url)
  for (const [name, wrong, problem] of [
    ['the port', at({ port: '1' }), /can not be reached: nothing listens there/],
    ['the host', `postgres://u:s3cret@nowhere.invalid:${port}/x`, /can not be reached: its host is not known/],
    ['the password', at({ password: 's3cret' }), /does not take this user and password/],
    ['the database', at({ pathname: '/s3cret' }).replace('s3cret', 'absent'), /absent does not exist; "createdb" makes it/],
    ['the URL', 'postgres://u:s3cret@[x/y', /^authtoken: DATABASE_URL is no URL/],
    ['an encoding', `postgres://u:s3cret%zz@127.0.0.1:${port}/x`, /^authtoken: DATABASE_URL can not be read|does not take this user/],
    ['a certificate', `${url}?sslrootcert=/absent/s3cret.pem`, /^authtoken: DATABASE_URL can not be read/],
    ['a database without tables', url, /has no table auth_user; run "authtoken migrate"/],
    ['a user without rights', nobody, /has no table auth_user|lacks rights/]
  ] as const) {
    for (const args of [['serve'], ['check']]) {
      const { code, err } = await command(wrong, ...args)
      t.equal(code, 1, name)
      t.match(err, problem, `${args[0]}: ${name}`)
      t.match(err, /^authtoken: [^\n]*\n$/, 'one line')
      t.notMatch(err, 's3cret')
    }
  }
  t.match(await command(nobody, 'migrate'), { code: 1, err: /can not be used: this user lacks rights: permission denied for schema public\n$/ })
})

t.test('a URL that can not be read, and a database without tables, stop the start in this process too', async (t) => {
  for (const wrong of ['postgres://u:s3cret@[x/y', `${await createDatabase(t)}?sslrootcert=/absent/s3cret.pem`]) {
    const error = await openDatabase(wrong).catch((error) => error)
    t.match(error, { code: 'AUTHTOKEN_INVALID_SETTINGS', message: /^database (is no URL|can not be read)/ })
    t.notMatch(error.message, 's3cret')
  }
  const url = await createDatabase(t)
  await sql(url, (readMigrations('postgres')[0]?.sql ?? []).join(';'))
  await t.rejects(serve({ env: { DATABASE_URL: url, LOG_LEVEL: 'silent' } } as unknown as Terminal), { message: /lacks the newest migrations; run "authtoken migrate"$/ })
})

t.test('sealing leaves nothing in clear in the table\'s file', async (t) => {
  const url = await createDatabase(t)
  const authtoken = await open(t, { database: url })
  const { token } = await makeUser(authtoken, 'ann')
  const file = async () => (await sql(url, "select pg_relation_filepath('authtoken_token') as path"))[0]?.path
  const before = await file()
  t.equal(await sealTokens(authtoken.database), 1)
  t.not(await file(), before, 'it is another file')
  t.match(await authtoken.authenticator.authenticate(token.key), { token: { kind: 'sealed' } })
})

t.test('rights that are missing, tables of another kind and lost triggers are named', async (t) => {
  const url = await createDatabase(t)
  await open(t, { database: url })
  const inspect = async (url: string) => {
    const database = await openDatabase(url)
    t.teardown(() => database.close())
    return await database.inspect()
  }
  const reader = await makeRole(t, url, 'grant select on auth_user, authtoken_token')
  t.match(await command(reader, 'serve'), { code: 1, err: /does not let this user write the table auth_user; grant it INSERT, UPDATE and DELETE\n$/ })
  await t.rejects(openAuthtoken({ database: await makeRole(t, await createDatabase(t)), migrate: true }), { code: 'AUTHTOKEN_DATABASE_UNUSABLE', message: /this user lacks rights: permission denied for schema public$/ })
  const blind = await makeRole(t, url)
  t.match(await inspect(blind), { unusable: ['does not let this user read the table auth_user; grant it SELECT', 'does not let this user read the table authtoken_token; grant it SELECT'] })

  await sql(url, 'drop trigger authtoken_deleted on authtoken_token')
  t.match(await inspect(url), { unusable: [], unready: [], advice: [/^has lost triggers of ours, so that each check of a token asks it/] })
  const { users, tokens, authenticator } = await open(t, { database: url })
  const { user, token } = await makeUser({ users, tokens }, 'ann')
  t.match(await authenticator.authenticate(token.key), { user: { username: 'ann' } })
  await sql(url, 'delete from authtoken_token')
  t.equal(await authenticator.authenticate(token.key), null, 'without them nothing is remembered')
  t.ok(user)

  await sql(url, 'alter table auth_user alter column last_name type varchar(200)')
  t.same((await inspect(url)).unusable, [], 'Django may alter its columns')
  await sql(url, 'alter table auth_user drop column last_name')
  t.match(await inspect(url), { unusable: ['has a table auth_user without a column last_name; it is not a Django user or token table'] })
})

t.test('a server that is too old, or only follows another, is refused', async (t) => {
  for (const [shadow, problem] of [
    ["create function public.current_setting(text) returns text language sql as $$ select '140011' $$", / is PostgreSQL 14; 15 is the oldest that is supported$/],
    ['create function public.pg_is_in_recovery() returns boolean language sql as $$ select true $$', / is a standby, which answers from the past; name the primary/]
  ] as const) {
    const url = await createDatabase(t)
    await sql(url, shadow)
    await sql(url, `alter database ${new URL(url).pathname.slice(1)} set search_path = public, pg_catalog`)
    await t.rejects(openDatabase(url), { code: 'AUTHTOKEN_DATABASE_UNUSABLE', message: problem })
  }
})

t.test('to verify and to return tokens that are there, reading Django\'s tables is enough', async (t) => {
  const url = await djangoOnPostgres(t)
  const reader = await makeRole(t, url, 'grant select on public.auth_user, public.authtoken_token, public.django_migrations')
  const { authenticator, tokens } = await open(t, { database: reader, migrate: false })
  const [token] = (await rows(url)).tokens
  const key = String(token?.key)
  t.match(await authenticator.authenticate(key), { user: { id: token?.user_id } })
  t.match(await tokens.getOrCreate({ id: Number(token?.user_id) }), { key })
})

t.test('dates are points in time, however the session would write them; what is none reads as null', async (t) => {
  const url = await createDatabase(t)
  await sql(url, `alter database ${new URL(url).pathname.slice(1)} set datestyle = 'SQL, DMY'`)
  await sql(url, `alter database ${new URL(url).pathname.slice(1)} set timezone = 'Asia/Kathmandu'`)
  const { users } = await open(t, { database: url })
  const user = await users.create({ username: 'ann', password: null })
  for (const [text, date] of [
    ['2026-11-24 11:15:48+00', '2026-11-24T11:15:48.000Z'],
    ['2026-11-24 11:15:48.434650+00', '2026-11-24T11:15:48.434Z'],
    ['infinity', null],
    ['-infinity', '-271821-04-20T00:00:00.000Z']
  ] as const) {
    await sql(url, `update auth_user set date_joined = '${text}'`)
    t.equal((await users.findByUsername('ann'))?.dateJoined?.toISOString() ?? null, date, text)
  }
  await sql(url, "update auth_user set date_joined = '2026-11-24 11:15:48.434650+00'")
  await users.update(user, { email: 'ann@example.org' })
  t.same(await sql(url, "select date_joined = '2026-11-24 11:15:48.434650+00' as same from auth_user"), [{ same: 1 }], 'a date that was only read is never written')
})

t.test('what no column can hold is the caller\'s error, not the database\'s', async (t) => {
  const { users, tokens } = await open(t, { database: await createDatabase(t) })
  await t.rejects(users.findById(3_000_000_000), { code: 'AUTHTOKEN_BAD_REQUEST' })
  t.equal(await tokens.findOwner('drf-999999999999'), null)
  t.equal(await users.findByUsername('a\0'), null)
  t.same(await users.list({ search: '\0', limit: 5 }), { count: 0, users: [] })
})

t.test("the host's Drizzle instance is neither migrated nor closed, and one query answers a key", async (t) => {
  const url = await createDatabase(t)
  const { user, token } = await makeUser(await open(t, { database: url }), 'ann')
  const pool = new pg.Pool({ connectionString: url })
  t.teardown(() => pool.end())
  const queries: string[] = []
  const authtoken = await openAuthtoken({ database: drizzle(pool, { logger: { logQuery: (query) => { queries.push(query) } } }) })
  t.match(await authtoken.authenticator.authenticate(token.key), { user: { username: 'ann' } })
  t.equal(queries.length, 1)
  t.match(await authtoken.tokens.create(user), { key: /^fat_/ })
  await authtoken.close()
  t.notOk(pool.ended)
  await t.rejects(openAuthtoken({ database: drizzle(new pg.Client(url)) }), { message: /^database must be a URL, or a Drizzle instance/ })
})

t.test('while the database is away the service says so, and goes on by itself', async (t) => {
  const postgres = await startPostgres({ durable: true })
  t.teardown(() => postgres.stop())
  const settings = loadSettings({ DATABASE_URL: postgres.url(), MIGRATE: 'true', LOG_LEVEL: 'silent' })
  const authtoken = await openAuthtoken({ database: settings.DATABASE_URL, migrate: true })
  const server = await buildServer(settings, authtoken)
  t.teardown(() => server.close())
  const { authorization, user } = await makeUser(authtoken, 'ann')
  const status = async (url: string) => {
    const { statusCode, headers } = await server.inject({ url, headers: { authorization } })
    if (statusCode === 503) t.equal(headers['retry-after'], '1')
    return statusCode
  }
  const all = async () => await Promise.all(['/users/me/', '/healthz', '/readyz'].map(status))
  t.same(await all(), [200, 200, 200])
  await postgres.kill('SIGKILL')
  t.same(await all(), [503, 200, 503], 'nothing is remembered once nobody tells of changes')
  await t.rejects(authtoken.tokens.create(user), { code: 'AUTHTOKEN_DATABASE_UNAVAILABLE', statusCode: 503 })
  await postgres.start()
  while ((await all()).includes(503)) await sleep(20)
  t.same(await all(), [200, 200, 200])
  t.match(await authtoken.tokens.create(user), { key: /^fat_/ })
  while (authtoken.authenticator.statistics.watch !== 'live') await sleep(20)
})

t.test('a transaction whose connection ends in the middle is all or nothing, and the next one works', async (t) => {
  const url = await createDatabase(t)
  const { users, tokens, database } = await open(t, { database: url, pool: { size: 1 } })
  const user = await users.create({ username: 'ann', password: null })
  const { db, users: { table } } = database
  await t.rejects(database.transaction((tx) => [
    tx.update(table).set({ email: 'changed@example.org' }),
    tx.select({ ended: expression`pg_terminate_backend(pg_backend_pid())` }).from(table),
    tx.update(table).set({ email: 'again@example.org' })
  ]), { code: 'AUTHTOKEN_DATABASE_UNAVAILABLE' })
  t.match(await database.run(() => db.select({ email: table.email }).from(table)), [{ email: '' }])
  t.match(await tokens.create(user), { key: /^fat_/ })
})
