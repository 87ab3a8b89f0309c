import { execFile, spawn } from 'node:child_process'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import SQLite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import t from 'tap'
import { builtProgram, ROOT } from '../../../support/repository.js'
import { openAuthtoken } from '../../../../src/index.js'
import { openDatabase } from '../../../../src/database/open-database.js'
import { MIGRATIONS_TABLE, readMigrations } from '../../../../src/database/migrations.js'
import { copyFixture, fixture } from '../../../support/fixtures.js'
import { databaseUrl, folderOf, open } from '../../../support/databases.js'
import { withoutCoverage } from '../../../support/without-coverage.js'

const run = promisify(execFile)
const drizzleKit = join(ROOT, 'node_modules/drizzle-kit/bin.cjs')

/** Every row and every index, without our bookkeeping. */
/** All that is not ours. */
function dump (path: string) {
  const client = new SQLite(path, { readonly: true })
  const own = [MIGRATIONS_TABLE, 'authtoken_accesstoken', 'authtoken_state']
  const tables = client.prepare("select name from sqlite_master where type = 'table' and name not in (?, ?, ?) order by name").pluck().all(own) as string[]
  const contents = tables.map((name) => [name, client.prepare(`select * from "${name}"`).all()])
  const objects = client.prepare('select type, name, sql from sqlite_master where tbl_name not in (?, ?, ?) order by name').all(own)
  client.close()
  return { contents, objects }
}

const failure = async (action: () => Promise<unknown>): Promise<string> => {
  try {
    await action()
    return 'it worked'
  } catch (error) {
    return (error as Error).message
  }
}

t.test('a new file is WAL and for its owner alone', async (t) => {
  const url = await databaseUrl(t)
  const { database } = await open(t, { database: url })
  const path = url.slice('file:'.length)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.equal(statSync(`${path}-wal`).mode & 0o777, 0o600)
  t.same(await database.inspect(), { unusable: [], unready: [], advice: [] })
  t.equal(database.django, false)
})

t.test('a file URL may be absolute', async (t) => {
  const { database } = await open(t, { database: `file://${folderOf(t)}/absolute.db` })
  t.same((await database.inspect()).unusable, [])
})

t.test('tables are what Django makes', async (t) => {
  const { database } = await open(t)
  const client = (database.db as unknown as { $client: SQLite.Database }).$client
  const django = new SQLite(':memory:')
  django.exec(readFileSync(fixture('django/schema.sqlite.sql'), 'utf8'))
  for (const table of ['auth_user', 'authtoken_token']) {
    const columns = (db: SQLite.Database) => db.prepare('select lower(name) name, lower(type) type, "notnull", pk from pragma_table_info(?) order by name').all(table)
    const indexes = (db: SQLite.Database) => db.prepare('select l."unique", l.origin, i.name from pragma_index_list(?) l, pragma_index_info(l.name) i order by i.name').all(table)
    const keys = (db: SQLite.Database) => db.prepare('select "table", "from", "to", on_delete from pragma_foreign_key_list(?)').all(table)
    t.same(columns(client), columns(django), `${table}: columns`)
    t.same(indexes(client), indexes(django), `${table}: indexes`)
    t.same(keys(client), keys(django), `${table}: foreign keys`)
  }
})

t.test('a database that Django made is adopted by drizzle-kit without a row changed', async (t) => {
  const path = copyFixture(t, 'django/hashers.sqlite3')
  const before = dump(path)
  await run(...withoutCoverage(process.execPath, drizzleKit, 'migrate'), { cwd: ROOT, env: { ...process.env, DATABASE_URL: `file:${path}` } })
  t.same(dump(path), before)
  const { database } = await open(t, { database: `file:${path}` })
  t.ok(database.django)
  t.same(dump(path), before, 'and by our own migrations, which know that it is done')
  t.match(await database.inspect(), { unusable: [], unready: [], advice: [/^journal_mode is "delete"/] })
})

t.test('drizzle-kit makes a new database as we do', async (t) => {
  const path = join(folderOf(t), 'kit.db')
  await run(...withoutCoverage(process.execPath, drizzleKit, 'migrate'), { cwd: ROOT, env: { ...process.env, DATABASE_URL: `file:${path}` } })
  t.equal(statSync(path).mode & 0o777, 0o600)
  const { database } = await open(t, { database: `file:${path}` })
  t.same(await database.inspect(), { unusable: [], unready: [], advice: [] })
})

t.test('drizzle-kit generate finds no difference between schema and migrations', async (t) => {
  const { stdout } = await run(...withoutCoverage(process.execPath, drizzleKit, 'generate', '--name', 'difference'), { cwd: ROOT })
  t.match(stdout, /No schema changes/)
})

t.test('migrations are dated in order, since an older one is skipped', async (t) => {
  const dates = readMigrations('sqlite').map(({ folderMillis }) => folderMillis)
  t.same(dates, [...new Set(dates)].sort((a, b) => a - b))
})

t.test('four processes that migrate one new file at once all come up', async (t) => {
  for (let round = 0; round < 3; round++) {
    const path = join(folderOf(t), `round${round}.db`)
    const starters = Array.from({ length: 4 }, () => new Promise<string>((resolve) => {
      const child = spawn(...withoutCoverage(process.execPath, builtProgram(), 'migrate'), { cwd: ROOT, env: { ...process.env, DATABASE_URL: `file:${path}` }, stdio: ['ignore', 'ignore', 'pipe'] })
      let errors = ''
      child.stderr.on('data', (chunk) => { errors += chunk })
      child.on('close', (code) => resolve(`${code} ${errors}`))
    }))
    t.same(await Promise.all(starters), ['0 ', '0 ', '0 ', '0 '])
    const client = new SQLite(path)
    t.equal(client.prepare(`select count(*) from ${MIGRATIONS_TABLE}`).pluck().get(), readMigrations('sqlite').length)
    client.close()
  }
})

t.test('what can not be used is said in one line', async (t) => {
  const folder = folderOf(t)
  writeFileSync(join(folder, 'text.db'), 'This is no database, but a text of more than a hundred bytes, so that it can not be taken for an empty file.')
  const openFile = (name: string, options = {}) => failure(() => openAuthtoken({ database: `file:${folder}/${name}`, ...options }))
  t.equal(await openFile('text.db'), `${folder}/text.db is not an SQLite database`)
  t.match(await openFile('missing/app.db'), /can not be made: its folder does not exist$/)
  t.match(await openFile('text.db/app.db'), /can not be made: its folder is not a folder$/)
  t.match(await openFile('.'), /can not be opened; it must exist/)
  t.match(await openFile('absent.db', { create: false }), /can not be opened; it must exist \("authtoken migrate" makes it\)/)
  t.match(await failure(() => openDatabase('mysql://x')), /^database must be file:<path>/)

  const corrupt = copyFixture(t, 'django/hashers.sqlite3')
  const bytes = readFileSync(corrupt)
  writeFileSync(corrupt, bytes.fill(0xff, 100, 6000))
  t.match(await failure(() => openAuthtoken({ database: `file:${corrupt}` })), /is a corrupt SQLite database; restore it from a backup$/)
})

t.test('a database of another kind, or of a newer version, is refused', async (t) => {
  const make = (statements: string) => {
    const path = join(folderOf(t), 'made.db')
    rmSync(path, { force: true })
    new SQLite(path).exec(statements).close()
    return `file:${path}`
  }
  const columns = 'create table auth_user (id integer primary key, username text)'
  t.match(await failure(() => openAuthtoken({ database: make(columns) })), /has a table auth_user without a column password; it is not a Django user or token table/)
  t.match(await failure(() => openAuthtoken({ database: make(columns), migrate: false })), /has no table authtoken_token; run "authtoken migrate"/)
  const newer = `create table ${MIGRATIONS_TABLE} (id serial primary key, hash text, created_at numeric); insert into ${MIGRATIONS_TABLE} values (1, 'x', 99999999999999)`
  t.match(await failure(() => openAuthtoken({ database: make(newer) })), /was migrated by a newer version of fastify-authtoken; install that version/)
})

t.test('a read-only file stops a migration, and can still be verified against', async (t) => {
  const client = new SQLite(copyFixture(t, 'django/hashers.sqlite3'), { readonly: true })
  t.teardown(() => client.close())
  const database = await openDatabase(drizzle(client) as never)
  t.match(await database.inspect(), { unusable: [], unready: ['lacks the newest migrations; run "authtoken migrate"', /^is read-only/] })
  t.match(await failure(() => database.migrate()), /is read-only; this user must be able to write it and its folder$/)
  const { authenticator } = await openAuthtoken({ database: drizzle(client) as never })
  const { users } = JSON.parse(readFileSync(fixture('django/hashers.json'), 'utf8'))
  t.match(authenticator.authenticate(users[0].token), { user: { username: users[0].username } })
})

t.test("the host's Drizzle instance is neither migrated nor closed, and one query answers a key", async (t) => {
  const path = copyFixture(t, 'django/hashers.sqlite3')
  const client = new SQLite(path)
  t.teardown(() => client.close())
  const queries: string[] = []
  const before = dump(path)
  const authtoken = await openAuthtoken({ database: drizzle(client, { logger: { logQuery: (query) => { queries.push(query) } } }) as never })
  const { users } = JSON.parse(readFileSync(fixture('django/hashers.json'), 'utf8'))
  queries.length = 0
  t.match(authtoken.authenticator.authenticate(users[0].token), { user: { username: users[0].username } }, 'at once, without a promise')
  t.equal(authtoken.authenticator.authenticate('0'.repeat(40)), null)
  t.equal(queries.length, 2)
  authtoken.database.close()
  t.ok(client.open)
  t.same(dump(path), before)
  t.match(await failure(() => openAuthtoken({ database: {} as never })), /must be a URL, or a Drizzle instance/)
})

t.test('a write waits for another connection, and gives up with 503', async (t) => {
  const url = await databaseUrl(t)
  const { users, tokens, database } = await open(t, { database: url, busyTimeoutMs: 1 })
  const user = await users.create({ username: 'ann', password: null })
  const other = new SQLite(url.slice('file:'.length))
  t.teardown(() => other.close())
  other.exec('begin immediate')
  t.match((await database.inspect()).advice, ['is locked by another program at the moment'])
  setTimeout(() => other.exec('commit'), 200)
  t.match((await tokens.replace(user)).key, /^[0-9a-f]{40}$/, 'the lock was released in time')

  other.exec('begin immediate')
  const error = await tokens.replace(user).catch((error) => error)
  t.match(error, { code: 'AUTHTOKEN_DATABASE_UNAVAILABLE', statusCode: 503, headers: { 'retry-after': '1' } })
  other.exec('rollback')
})

t.test('a token check waits for a writer who locks the whole file, as Django does', async (t) => {
  const path = copyFixture(t, 'django/hashers.sqlite3')
  const { authenticator } = await open(t, { database: `file:${path}` })
  const { users } = JSON.parse(readFileSync(fixture('django/hashers.json'), 'utf8'))
  const other = new SQLite(path)
  t.teardown(() => other.close())
  other.exec('begin exclusive')
  const waiting = authenticator.authenticate(users[0].token)
  t.ok(waiting instanceof Promise, 'the event loop is not held up')
  setTimeout(() => other.exec('commit'), 100)
  t.match(await waiting, { user: { username: users[0].username } })
})

t.test('a database that fails in the middle is 503, for tokens and logins', async (t) => {
  const { authenticator, users, database } = await open(t)
  database.close()
  t.throws(() => authenticator.authenticate('x'), { code: 'AUTHTOKEN_DATABASE_UNAVAILABLE' })
  await t.rejects(users.findByUsername('x'), { code: 'AUTHTOKEN_DATABASE_UNAVAILABLE' })
})

t.test("dates are Django's text, in UTC; what is none reads as null", async (t) => {
  const url = await databaseUrl(t)
  const { users } = await open(t, { database: url })
  const user = await users.create({ username: 'ann', password: null })
  const client = new SQLite(url.slice('file:'.length))
  t.teardown(() => client.close())
  t.match(client.prepare('select date_joined from auth_user').pluck().get(), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}000$/)
  for (const [text, date] of [
    ['2026-11-24 11:15:48', '2026-11-24T11:15:48.000Z'],
    ['2026-11-24 11:15:48.434650', '2026-11-24T11:15:48.434Z'],
    ['2026-11-24T11:15:48.4', '2026-11-24T11:15:48.400Z'],
    ['yesterday', null], ['2026-13-45 00:00:00', null], [5, null]
  ]) {
    client.prepare('update auth_user set date_joined = ?').run(text)
    t.equal((await users.findByUsername('ann'))?.dateJoined?.toISOString() ?? null, date, String(text))
  }
  await users.update(user, { email: 'ann@example.org' })
  t.equal(client.prepare('select date_joined from auth_user').pluck().get(), 5, 'a date that was only read is never written')
})
