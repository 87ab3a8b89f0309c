import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import SQLite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { builtProgram } from '../../support/repository.js'
import { buildService } from '../../support/applications.js'
import { copyFixture, djangoOnPostgres, fixture } from '../../support/fixtures.js'
import { fileUrl, folderOf } from '../../support/databases.js'
import { withoutCoverage } from '../../support/without-coverage.js'
import { createDatabase } from '../../support/postgres/database.js'
import { sql } from '../../support/sql.js'
import { type UserRow, userRows } from '../../support/user-rows.js'
import { commandLine } from '../../support/command-line.js'
import { change, djangoFile, djangoPostgres } from '../../support/django-sources.js'

const USERS = 2_500
const KEY = 'c0ffee5ea1edc0ffee5ea1edc0ffee5ea1ed'

const DJANGO_SCHEMA = readFileSync(fixture('django/schema.sqlite.sql'), 'utf8')
const SOURCES = { SQLite: djangoFile, PostgreSQL: djangoPostgres }
const TARGETS = { SQLite: async (t: Test) => fileUrl(t), PostgreSQL: createDatabase }

// On a machine that has more to do.
t.setTimeout(300_000)

/** A migrated database, and what imports into it. */
async function setUp (t: Test, url: string) {
  const line = await commandLine(t, { DATABASE_URL: url })
  await line.call(['migrate'])
  const importFrom = async (source: string, ...flags: string[]) => {
    const { code, out, err } = await line.call(['import-django', source, '--json', ...flags])
    if (code !== 0) throw new Error(err)
    return JSON.parse(out)
  }
  return { ...line, importFrom }
}

async function allOf (url: string): Promise<UserRow[]> {
  const rows = []
  for await (const row of userRows(url)) rows.push(row)
  return rows
}

/** A file with the tables of Django's, and what else is said. */
function rawFile (t: Test, statements: string, schema = DJANGO_SCHEMA): string {
  const url = fileUrl(t)
  const client = new SQLite(url.slice('file:'.length))
  client.pragma('foreign_keys = OFF')
  client.exec(schema + statements).close()
  return url
}

const user = (id: number | string, username: string, { password = "'!'", flags = '0, 0, 1', joined = "'2026-01-01 00:00:00'", login = 'null', names = "'', ''", email = "''" } = {}) =>
  `insert into auth_user (id, username, password, is_superuser, is_staff, is_active, date_joined, last_login, first_name, last_name, email) values (${id}, ${username}, ${password}, ${flags}, ${joined}, ${login}, ${names}, ${email});`

const token = (key: string, userId: number, created = "'2026-01-01 00:00:00.000001'") => `insert into authtoken_token values (${key}, ${created}, ${userId});`

for (const [from, makeSource] of Object.entries(SOURCES)) {
  for (const [to, makeTarget] of Object.entries(TARGETS)) {
    t.test(`from ${from} into ${to}: every field, to the microsecond, and once`, async (t) => {
      const [source, target] = [await makeSource(t, USERS), await makeTarget(t)]
      const { call, importFrom } = await setUp(t, target)
      const before = await allOf(source)
      t.ok(before.length >= USERS)
      const tokens = before.filter(({ key }) => key !== null).length

      const nothing = { imported: 0, present: 0, skipped: 0 }
      t.same(await importFrom(source), { users: { ...nothing, imported: before.length }, tokens: { ...nothing, imported: tokens }, digests: false, renumbered: { count: 0, users: [] }, skipped: [] })
      t.same(await allOf(target), before)
      t.ok(before.some(({ last_login: date }) => /\.\d{3}[1-9]/.test(String(date))), 'there are microseconds')

      t.same(await importFrom(source), { users: { ...nothing, present: before.length }, tokens: { ...nothing, present: tokens }, digests: false, renumbered: { count: 0, users: [] }, skipped: [] })
      t.same(await allOf(target), before)
      t.same(await allOf(source), before, 'the source is as it was')

      t.equal((await call(['createuser', '--noinput', '--username', 'next'])).code, 0)
      t.same(await sql(target, "select id from auth_user where username = 'next'"), [{ id: Number(before.at(-1)?.id) + 1 }])
    })
  }
}

t.test('passwords and tokens of a real Django go on working', async (t) => {
  const [file, server] = [`file:${copyFixture(t, 'django/hashers.sqlite3')}`, await djangoOnPostgres(t)]
  const { users } = JSON.parse(readFileSync(fixture('django/hashers.json'), 'utf8'))
  const hashed = users.find(({ login_ok_expected: ok }: { login_ok_expected: boolean }) => ok)
  for (const [source, { username, password, token }] of [
    [file, hashed],
    [server, { username: 'alice', password: 'correct horse', token: '37817b488b656111c7c7b11828d254ddfc519149' }]
  ] as const) {
    for (const makeTarget of Object.values(TARGETS)) {
      const target = await makeTarget(t)
      await (await setUp(t, target)).importFrom(source)
      const { server } = await buildService(t, { DATABASE_URL: target })
      const login = await server.inject({ method: 'POST', url: '/api-token-auth/', payload: { username, password } })
      t.same(login.json(), { token })
      const me = await server.inject({ url: '/users/me/', headers: { authorization: `Token ${token}` } })
      t.match(me.json(), { username })
    }
  }
})

t.test('what can not be imported is skipped, with a reason and never a secret', async (t) => {
  const secret = 'S3CRET'
  const source = rawFile(t, [
    user(1, "'fine'"), token(`'${KEY}'`, 1),
    user(2, "''"), token("'of-empty'", 2),
    user(3, `'${'n'.repeat(151)}'`),
    user(4, `'${'ñ'.repeat(150)}'`),
    user(5, "'long-password'", { password: `'${secret.repeat(22)}'` }),
    user(6, "'nul' || char(0) || 'x'"),
    user(7, "x'ff'"),
    user(8, "'joined'", { joined: "'yesterday'" }),
    user(9, "'login'", { login: "'2026-02-30 00:00:00'" }),
    user(10, "'year'", { joined: "'0000-01-01 00:00:00'" }),
    user(11, "'flag'", { flags: '2, 0, 1' }),
    user(12, "'names'", { names: `'', '${'n'.repeat(151)}'` }),
    user(13, "'email'", { email: `'${'e'.repeat(255)}'` }),
    user(14, "'emoji'", { names: `'${'😀'.repeat(150)}', ''`, joined: "'2024-02-29 23:59:59.120000'", login: "'2024-02-29 23:59:59.000000'" }),
    user(15, "'long-key'"), token(`'${secret}${'k'.repeat(40)}'`, 15),
    user(16, "'space-key'"), token(`'${secret} key'`, 16),
    user(17, "'created'"), token(`'${secret}created'`, 17, "'never'"),
    user(18, "'blob-key'"), token("x'ff'", 18),
    user(19, "'Fine'"),
    user(9_007_199_254_740_993n.toString(), "'large'"), token("'of-large'", 1e15),
    user(9_007_199_254_740_994n.toString(), "'larger'"),
    token("'of-nobody'", 4711),
    user(20, "cast(x'b1' as text)"), user(21, "'no-utf8-key'"), token("cast(x'b1' as text)", 21)
  ].join(''))
  for (const makeTarget of Object.values(TARGETS)) {
    const target = await makeTarget(t)
    const { call, importFrom } = await setUp(t, target)
    const first = await importFrom(source)
    t.match(first, { users: { imported: 11, present: 0, skipped: 12 }, tokens: { imported: 1, present: 0, skipped: 8 }, renumbered: { count: 2, users: ['9007199254740993', '9007199254740994'] } })
    t.same(Object.fromEntries(first.skipped.map(({ what, reason, count, users }: { what: string, reason: string, count: number, users: string[] }) => [`${what} ${reason}`, `${count}: ${users.join(' ')}`])), {
      'user username_empty': '1: 2',
      'user username_long': '1: 3',
      'user password_long': '1: 5',
      'user nul': '1: 6',
      'user not_text': '2: 7 20',
      'user date': '3: 8 9 10',
      'user flag': '1: 11',
      'user name_long': '1: 12',
      'user email_long': '1: 13',
      'token user_skipped': '1: 2',
      'token key': '4: 15 16 18 21',
      'token created': '1: 17',
      'token no_user': '2: 4711 1000000000000000'
    })
    t.same((await importFrom(source)).users, { imported: 0, present: 11, skipped: 12 })
    t.match((await allOf(target)).find(({ username }) => username === 'emoji'), { date_joined: '2024-02-29 23:59:59.12', last_login: '2024-02-29 23:59:59' })
    const { code, out, err } = await call(['import-django', source])
    t.same({ code, err }, { code: 0, err: '' })
    t.match(out, /^Users: 0 imported, 11 present, 12 skipped\nTokens: 0 imported, 1 present, 8 skipped\n/)
    t.match(out, 'Users who have another id here: 2 (user 9007199254740993, 9007199254740994)\n')
    t.match(out, 'Skipped users: 3 (user 8, 9, 10): date_joined or last_login is no date\n')
    for (const text of [out, JSON.stringify(first)]) t.notMatch(text, new RegExp(`${secret}|${KEY}|of-`))
  }
})

t.test('PostgreSQL knows dates that Django does not, and may have lost users', async (t) => {
  const source = await djangoPostgres(t, 4)
  await change(source, `update auth_user set date_joined = 'infinity' where id = 100; update auth_user set last_login = '0044-03-15 BC' where id = 101;
    set session_replication_role = replica; delete from auth_user where id > 101`)
  const { importFrom } = await setUp(t, fileUrl(t))
  t.match(await importFrom(source), {
    skipped: [{ what: 'user', reason: 'date', count: 2, users: ['100', '101'] }, { what: 'token', reason: 'user_skipped', count: 2 }, { what: 'token', reason: 'no_user', count: 2, users: ['102', '103'] }]
  })
})

t.test('who is there already is left alone, and whose id is taken gets another', async (t) => {
  const source = rawFile(t, [
    ...['same', 'renamed', 'other-password', 'other-flags', 'has-token', 'taken-token', 'last'].map((name, index) => user(index + 1, `'${name}'`) + token(`'${KEY}${index + 1}'`, index + 1)),
    user(2_147_483_600, "'behind'")
  ].join(''))
  for (const makeTarget of Object.values(TARGETS)) {
    const target = await makeTarget(t)
    const { importFrom } = await setUp(t, target)
    const isFile = target.startsWith('file:')
    const there = (id: number, username: string, more = {}) => {
      const statement = user(id, username, more)
      return isFile ? statement : statement.replace(/values \((.*?, .*?, .*?), (\d), (\d), (\d),/, 'values ($1, $2::bool, $3::bool, $4::bool,').replaceAll(/(\d)::bool/g, "'$1'")
    }
    await change(target, [
      there(100, "'same'"), there(2, "'somebody'"), there(3, "'other-password'", { password: "'!another'" }), there(4, "'other-flags'", { flags: '1, 0, 1' }),
      there(5, "'has-token'"), token("'another'", 5), token(`'${KEY}6'`, 2)
    ].join(''))
    const before = await allOf(target)
    const report = await importFrom(source)
    t.match(report, {
      users: { imported: 4, present: 2, skipped: 2 },
      tokens: { imported: 3, present: 0, skipped: 4 },
      renumbered: { count: 2, users: ['1', '2'] },
      skipped: [
        { what: 'user', reason: 'username_taken', count: 2, users: ['3', '4'] },
        { what: 'token', reason: 'user_skipped', count: 2, users: ['3', '4'] },
        { what: 'token', reason: 'other_token', count: 1, users: ['5'] },
        { what: 'token', reason: 'token_taken', count: 1, users: ['6'] }
      ]
    })
    const after = await allOf(target)
    const rest = after.filter(({ username }) => !before.some((row) => row.username === username))
    t.same(rest.map(({ id, username, key }) => [id, username, key]), [[6, 'taken-token', null], [7, 'last', `${KEY}7`], [2_147_483_600, 'behind', null], [2_147_483_601, 'renamed', `${KEY}2`]])
    t.same(after.filter(({ username }) => before.some((row) => row.username === username)).map(({ key, created, ...row }) => row), before.map(({ key, created, ...row }) => row))
    t.equal(after.find(({ username }) => username === 'same')?.key, `${KEY}1`, 'who is there gets the token that is missing')
    t.match(await importFrom(source), { users: { imported: 0, present: 6, skipped: 2 }, tokens: { imported: 0, present: 3, skipped: 4 }, renumbered: { count: 2 } })
    t.same(await allOf(target), after)
  }
})

t.test('a source that has lost its constraints is imported as far as it makes sense', async (t) => {
  const source = rawFile(t, [
    user(1, "'ann'"), user(2, "'ann'"), user(3, "'bob'"), user(4, "'eve'"),
    token(`'${KEY}'`, 3), token(`'${KEY}'`, 4)
  ].join(''), DJANGO_SCHEMA.replaceAll(' UNIQUE', '').replace('"key" varchar(40) NOT NULL PRIMARY KEY', '"key" varchar(40) NOT NULL'))
  const { importFrom } = await setUp(t, await createDatabase(t))
  t.match(await importFrom(source), {
    users: { imported: 3, skipped: 1 },
    tokens: { imported: 1, skipped: 1 },
    skipped: [{ reason: 'username_taken', users: ['2'] }, { reason: 'token_taken', users: ['4'] }]
  })
})

t.test('no id is left behind the largest one', async (t) => {
  const source = rawFile(t, user(1, "'ann'") + user(2_147_483_647, "'last'"))
  const target = fileUrl(t)
  const { importFrom } = await setUp(t, target)
  await change(target, user(1, "'bob'"))
  t.match(await importFrom(source), { users: { imported: 1 }, skipped: [{ what: 'user', reason: 'no_id', users: ['1'] }] })
})

t.test('an empty database is imported', async (t) => {
  const { importFrom } = await setUp(t, await createDatabase(t))
  t.match(await importFrom(rawFile(t, '')), { users: { imported: 0, present: 0, skipped: 0 }, skipped: [] })
})

t.test('with --hash no token is stored in clear, and clients go on with theirs', async (t) => {
  const source = await djangoPostgres(t, 1_200)
  const before = (await allOf(source)).filter(({ key }) => key !== null)
  for (const makeTarget of Object.values(TARGETS)) {
    const target = await makeTarget(t)
    const { call, importFrom } = await setUp(t, target)
    t.match(await importFrom(source, '--hash'), { tokens: { imported: before.length, present: 0, skipped: 0 }, digests: true })
    t.same((await allOf(target)).filter(({ key }) => key !== null), [])
    const stored = await sql(target, 'select user_id, kind, name, digest, hint, scope, expires, disabled, replaced_by from authtoken_accesstoken order by user_id')
    t.same(stored, before.map(({ id, key }) => ({
      user_id: id, kind: 'sealed', name: 'drf', digest: createHash('sha256').update(String(key)).digest('hex'), hint: String(key).slice(0, 4), scope: '*', expires: null, disabled: 0, replaced_by: null
    })))
    t.match(await importFrom(source, '--hash'), { tokens: { imported: 0, present: before.length, skipped: 0 } })
    t.match(await importFrom(source), { tokens: { imported: 0, present: before.length, skipped: 0 }, digests: false }, 'a digest is as good as the token')
    t.equal((await sql(target, 'select id from authtoken_accesstoken')).length, before.length)
    t.match((await call(['import-django', source, '--hash'])).out, /^Users: 0 imported, \d+ present, 0 skipped\nTokens: 0 imported, \d+ present, 0 skipped\n$/)

    const { server } = await buildService(t, { DATABASE_URL: target })
    const me = await server.inject({ url: '/users/me/', headers: { authorization: `Token ${before.at(-1)?.key}` } })
    t.match(me.json(), { username: before.at(-1)?.username, token: { kind: 'sealed' } })
  }
})

t.test('into a sealed database tokens go as digests, whatever is said', async (t) => {
  const source = rawFile(t, user(1, "'ann'") + token(`'${KEY}'`, 1) + user(2, "'bob'") + token("'short'", 2) + user(3, "'eve'") + token(`'${KEY}3'`, 3))
  for (const makeTarget of Object.values(TARGETS)) {
    const target = await makeTarget(t)
    const { call, query } = await setUp(t, target)
    await call(['createuser', '--noinput', '--username', 'first', '--json'])
    await call(['tokens', 'seal', '--noinput'])
    const { code, out } = await call(['import-django', source])
    t.same({ code, out }, { code: 0, out: 'Users: 3 imported, 0 present, 0 skipped\nTokens: 3 imported, 0 present, 0 skipped\nTokens were stored as digests, since those of this database are sealed\nUsers who have another id here: 1 (user 1)\n' })
    t.same(await query('select key from authtoken_token'), [])
    t.same(await query("select username, hint from auth_user join authtoken_accesstoken on user_id = auth_user.id where username <> 'first' order by username"), [{ username: 'ann', hint: 'c0ff' }, { username: 'bob', hint: null }, { username: 'eve', hint: 'c0ff' }])
    // A token that was rotated here since is not brought back.
    await query("update authtoken_accesstoken set digest = 'rotated' where user_id = 2")
    t.match(JSON.parse((await call(['import-django', source, '--json'])).out), { tokens: { imported: 0, present: 2, skipped: 1 }, skipped: [{ reason: 'other_token', users: ['2'] }] })
  }
})

for (const [to, makeTarget] of Object.entries(TARGETS)) {
  t.test(`killed and started again, an import into ${to} ends as if nothing had happened`, async (t) => {
    const source = djangoFile(t, 12_000)
    const target = await makeTarget(t)
    const { importFrom, query } = await setUp(t, target)
    // Its id is taken: the new ones must be the same, too.
    await change(target, target.startsWith('file:') ? user(50, "'in the way'") : user(50, "'in the way'", { flags: 'false, false, true' }))
    const count = async () => Number((await query("select count(*) as count from auth_user where username like 'user%'"))[0]?.count)
    const kills = []
    for (let round = 0; round < 3; round++) {
      const before = await count()
      const child = spawn(...withoutCoverage(process.execPath, builtProgram(), 'import-django', source), { env: { ...process.env, DATABASE_URL: target }, stdio: 'ignore' })
      t.teardown(() => { child.kill('SIGKILL') })
      const ended = once(child, 'close')
      while (await count() === before && child.exitCode === null) await sleep(5)
      child.kill('SIGKILL')
      await ended
      kills.push({ signal: child.signalCode, further: await count() > before })
      // What the server still does for the connection that is gone.
      await sleep(200)
      t.equal((await query("select count(*) as count from auth_user u where username like 'user%' and not exists (select 1 from authtoken_token t where t.user_id = u.id)"))[0]?.count, 0, 'a user and the token come together')
    }
    t.same(kills, Array(3).fill({ signal: 'SIGKILL', further: true }))
    const left = 12_000 - await count()
    t.ok(left > 0, 'the last kill came before the end')
    t.match(await importFrom(source), { users: { imported: left, present: 12_000 - left, skipped: 0 }, tokens: { imported: left, present: 12_000 - left }, renumbered: { count: 1, users: ['50'] } })
    const undisturbed = (await allOf(source)).map((row) => row.id === 50 ? { ...row, id: 12_001 } : row).sort((a, b) => Number(a.id) - Number(b.id))
    t.same((await allOf(target)).filter(({ username }) => username !== 'in the way'), undisturbed)
  })
}

t.test('what can not be done is said in one line, without the password', async (t) => {
  const server = await djangoOnPostgres(t)
  const { call, url } = await setUp(t, fileUrl(t))
  const folder = folderOf(t)
  const path = url.slice('file:'.length)
  writeFileSync(join(folder, 'text'), 'This is no database, but a text of more than a hundred bytes, so that it can not be taken for an empty file.')
  new SQLite(join(folder, 'other.db')).exec('create table people_person (id text)').close()
  new SQLite(join(folder, 'columns.db')).exec('create table auth_user (id integer primary key, username text)').close()
  const columns = 'username, password, first_name, last_name, email, is_active, is_staff, is_superuser, date_joined, last_login'
  new SQLite(join(folder, 'ids.db')).exec(`create table auth_user (id char(32), ${columns})`).close()
  copyFileSync(fixture('django/hashers.sqlite3'), join(folder, 'corrupt.db'))
  writeFileSync(join(folder, 'corrupt.db'), readFileSync(join(folder, 'corrupt.db')).fill(0xff, 4096))
  const locked = new SQLite(join(folder, 'ids.db'))
  t.teardown(() => locked.close())
  const password = new URL(server).password
  const wrong = Object.assign(new URL(server), { password: 'wr0ng' }).href
  for (const [source, message] of [
    ['db.sqlite3', /^The source must be file:<path>, as file:/],
    ['postgres://a:b@c:d/e', /^The source must be file:<path>/],
    [`${server}?sslcert=/absent/s3cret`, /^The source must be file:<path>/],
    [`file:${folder}/absent`, /absent can not be opened; it must exist/],
    [`file:${folder}/text`, /text is not an SQLite database$/],
    [`file:${folder}/corrupt.db`, /corrupt/],
    [`file:${folder}/other.db`, /has no table auth_user; only databases of Django with its own user model/],
    [`file:${folder}/columns.db`, /has a table auth_user without a column password; it is not Django's$/],
    [`file:${folder}/ids.db`, /has a table auth_user whose id is no integer; it is not Django's$/],
    [url, /^file:.* is the database of DATABASE_URL itself; it needs no import$/],
    [`file://${path}`, /is the database of DATABASE_URL itself/],
    [wrong, /^postgres:\/\/127\.0\.0\.1:\d+\/\w+ does not take this user and password$/],
    ['postgres://a:wr0ng@127.0.0.1:1/x', /^postgres:\/\/127\.0\.0\.1:1\/x can not be reached: nothing listens there$/],
    [await createDatabase(t), /has no table auth_user/]
  ] as Array<[string, RegExp]>) {
    const { code, out, err } = await call(['import-django', source])
    t.same({ code, out }, { code: 1, out: '' }, source)
    t.match(err.replace('authtoken: ', '').trimEnd(), message)
    t.equal(err.split('\n').length, 2)
    t.notMatch(err, new RegExp(`wr0ng|s3cret|${password}`))
  }
  t.notOk(readdirSync(folder).includes('absent'), 'no file is made')
  t.match(await call(['import-django', server], { DATABASE_URL: await createDatabase(t) }), { code: 1, err: /has no table auth_user; run "authtoken migrate"/ }, 'not migrated')
  t.match(await call(['import-django', server], { DATABASE_URL: server }), { code: 1, err: /lacks the newest migrations/ })
  await call(['migrate'], { DATABASE_URL: server })
  t.match(await call(['import-django', server], { DATABASE_URL: server }), { code: 1, err: /is the database of DATABASE_URL itself/ })
})

t.test('a file that is only readable is read, and no file appears beside it', async (t) => {
  const source = djangoFile(t, 10)
  const path = source.slice('file:'.length)
  const [bytes, files] = [readFileSync(path), readdirSync(dirname(path))]
  chmodSync(path, 0o400)
  const { importFrom } = await setUp(t, await createDatabase(t))
  // Somebody is about to write.
  const writer = new SQLite(path)
  writer.exec('begin immediate')
  t.match(await importFrom(source), { users: { imported: 10 } })
  writer.exec('rollback')
  writer.close()
  t.same(readFileSync(path), bytes)
  t.same(readdirSync(dirname(path)), files)
})

t.test('a database that refuses says so without what it refused', async (t) => {
  const source = djangoFile(t, 10)
  for (const makeTarget of Object.values(TARGETS)) {
    const target = await makeTarget(t)
    const { call, query } = await setUp(t, target)
    await query('create unique index one_name on auth_user (first_name)')
    const { code, out, err } = await call(['import-django', source])
    t.same({ code, out }, { code: 1, out: '' })
    t.match(err, /^authtoken: .* refuses users or tokens that it does not seem to have: a constraint of its own, or other writers, are in the way\n$/)
    t.notMatch(err, 'example.org')
    t.same(await query('select id from auth_user'), [])
  }
})

t.test('a person sees how far it is', async (t) => {
  const source = djangoFile(t, 10)
  const { call } = await setUp(t, fileUrl(t))
  t.match(await call(['import-django', source], {}, []), { code: 0, out: /All users have been read[^]*Users: 10 imported/ })
  const locked = fileUrl(t)
  await call(['migrate'], { DATABASE_URL: locked })
  const writer = new SQLite(locked.slice('file:'.length))
  writer.exec('begin immediate')
  const stopped = await call(['import-django', source], { DATABASE_URL: locked }, [])
  writer.close()
  t.match(stopped, { code: 1, out: /Stopped/, err: /does not take what is written; what was imported until now stays, and the same command goes on from there\n$/ })
})
