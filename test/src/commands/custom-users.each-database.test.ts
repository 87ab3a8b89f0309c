import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openAuthtoken } from '../../../src/index.js'
import { openDatabase } from '../../../src/database/open-database.js'
import { customUserDatabase, fixture } from '../../support/fixtures.js'
import { folderOf } from '../../support/databases.js'
import { sql } from '../../support/sql.js'
import { commandLine } from '../../support/command-line.js'

interface Person { id: string, email: string, token: string | null }

const people: Person[] = JSON.parse(readFileSync(fixture('django/custom-user.json'), 'utf8'))
const [ada, bob, , zoe, notoken] = people as [Person, Person, Person, Person, Person]
const OURS = "('authtoken_accesstoken', 'authtoken_state', '__authtoken_migrations')"
const PASSWORD = { AUTHTOKEN_PASSWORD: 'correct horse battery', PASSWORD_HASHER: 'argon2' }
const USERS = { table: 'people_person', username: 'email' }

/** The command line on the database of a real Django, whose users are in people_person. */
async function setUp (t: Test, { migrate = true } = {}) {
  const { DATABASE_URL, ...settings } = await customUserDatabase(t)
  const line = await commandLine(t, { DATABASE_URL, ...settings })
  const isSqlite = DATABASE_URL.startsWith('file:')
  if (migrate) t.match(await line.call(['migrate']), { code: 0, err: '' })
  const json = async (...args: string[]) => (await line.call([...args, '--json'])).out.trim().split('\n').map((text) => JSON.parse(text))
  const who = async (key: string) => {
    const authtoken = await openAuthtoken({ database: DATABASE_URL, users: USERS, migrate: false })
    try {
      return (await authtoken.authenticator.authenticate(key))?.user.username ?? null
    } finally {
      await authtoken.close()
    }
  }
  const stored = (id: string) => isSqlite ? id.replaceAll('-', '') : id
  return { ...line, json, who, stored, isSqlite }
}

/** All that is Django's: tables as they are declared, and every row. */
async function djangosOwn (url: string) {
  const isSqlite = url.startsWith('file:')
  const objects = isSqlite
    ? await sql(url, `select type, name, tbl_name, sql from sqlite_master where tbl_name not in ${OURS} order by name`)
    : [
        await sql(url, `select table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, ordinal_position from information_schema.columns where table_schema = 'public' and table_name not in ${OURS} order by 1, 7`),
        await sql(url, `select indexdef from pg_indexes where schemaname = 'public' and tablename not in ${OURS} order by 1`),
        await sql(url, `select conrelid::regclass::text as name, pg_get_constraintdef(oid) as definition from pg_constraint where conrelid::regclass::text not in ${OURS} order by 1, 2`)
      ]
  const names = isSqlite ? await sql(url, `select name from sqlite_master where type = 'table' and name not in ${OURS}`) : await sql(url, `select tablename as name from pg_tables where schemaname = 'public' and tablename not in ${OURS}`)
  const rows = await Promise.all(names.map(async ({ name }) => [name, await sql(url, isSqlite ? `select * from "${name}"` : `select t::text as line from "${name}" t order by 1`)]))
  return JSON.stringify({ objects, rows: rows.sort() })
}

const hashOf = (url: string) => url.startsWith('file:') ? createHash('sha256').update(readFileSync(url.slice('file:'.length))).digest('hex') : null

t.test('without USER_TABLE every command refuses such a database, names it, and leaves it as it is', async (t) => {
  const { DATABASE_URL: url } = await customUserDatabase(t)
  const { call } = await commandLine(t, { DATABASE_URL: url })
  const before = [await djangosOwn(url), hashOf(url)]
  for (const [command, env] of [
    [['serve'], { MIGRATE: 'true' }], [['serve'], { MIGRATE: 'false' }], [['check'], {}], [['migrate'], {}], [['createsuperuser', '--noinput', '--username', 'ann'], {}], [['createuser', '--noinput', '--username', 'ann'], {}],
    [['changepassword', '--noinput', 'ann'], PASSWORD], [['create-token', 'ada@example.org'], {}], [['create-token', '--missing'], {}], [['import-django', url], {}], [['users', 'list'], {}],
    [['tokens', 'list'], {}], [['tokens', 'create', 'ann'], {}], [['tokens', 'revoke', 'drf-1'], {}], [['tokens', 'rotate', 'drf-1'], {}], [['tokens', 'prune'], {}], [['tokens', 'seal', '--noinput'], {}]
  ] as const) {
    const { code, err } = await call([...command], env)
    t.equal(code, 1, command.join(' '))
    t.match(err, /^authtoken: \S+ has tokens of the users in people_person, not in auth_user: set USER_TABLE=people_person, and USERNAME_COLUMN to the column that they log in with\n$/)
  }
  t.same([await djangosOwn(url), hashOf(url)], before)
  t.same(await sql(url, url.startsWith('file:') ? `select name from sqlite_master where name in ${OURS}` : `select tablename from pg_tables where tablename in ${OURS}`), [])
})

t.test('a Django that has no tokens yet is known by its permissions, and gets the tables of tokens', async (t) => {
  const { DATABASE_URL: url, ...settings } = await customUserDatabase(t)
  await sql(url, 'drop table authtoken_token')
  const { call } = await commandLine(t, { DATABASE_URL: url })
  for (const command of ['check', 'migrate', 'serve']) t.match(await call([command]), { code: 1, err: /is a Django's without a table auth_user: set USER_TABLE to the table of its AUTH_USER_MODEL, and USERNAME_COLUMN/ })
  t.match(await call(['migrate'], settings), { code: 0 })
  t.match((await call(['create-token', ada.email], settings)).out, /^Generated token [0-9a-f]{40} for user ada@example.org\n$/)
})

t.test('migrate adds our tables for its users, and changes nothing of Django\'s', async (t) => {
  const { call, url, isSqlite } = await setUp(t, { migrate: false })
  const before = await djangosOwn(url)
  t.match(await call(['check']), { code: 1, err: /lacks the newest migrations; run "authtoken migrate"/ })
  t.match(await call(['users', 'list']), { code: 1, err: /lacks the newest migrations/ })
  // Several at once, then once more.
  const starters = await Promise.all(Array.from({ length: 4 }, () => openDatabase(url, { users: USERS })))
  await Promise.all(starters.map((database) => database.migrate()))
  await Promise.all(starters.map((database) => database.close()))
  t.match(await call(['migrate']), { code: 0 })
  t.equal(await djangosOwn(url), before)
  const columns = isSqlite
    ? await sql(url, "select type, (select \"table\" || '.' || \"to\" || ' ' || on_delete from pragma_foreign_key_list('authtoken_accesstoken')) as reference from pragma_table_info('authtoken_accesstoken') where name = 'user_id'")
    : await sql(url, "select data_type as type, (select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'authtoken_accesstoken'::regclass and contype = 'f') as reference from information_schema.columns where table_name = 'authtoken_accesstoken' and column_name = 'user_id'")
  t.same(columns, [isSqlite ? { type: 'char(32)', reference: 'people_person.id CASCADE' } : { type: 'uuid', reference: 'FOREIGN KEY (user_id) REFERENCES people_person(id) ON DELETE CASCADE' }])
  t.same(await sql(url, isSqlite ? "select name from sqlite_master where name = 'auth_user'" : "select tablename from pg_tables where tablename = 'auth_user'"), [])
  t.match(await call(['check']), { code: 0, out: /is in order, and Django's\.\n$/ })
})

t.test('a database that was migrated for one table of users is refused with another', async (t) => {
  const { call, url } = await setUp(t)
  for (const command of ['check', 'migrate', 'serve']) t.match(await call([command], { USER_TABLE: '', USERNAME_COLUMN: '' }), { code: 1, err: /set USER_TABLE=people_person/ })
  await sql(url, 'create table staff (id integer primary key, password text not null, email text not null unique)')
  for (const command of ['check', 'migrate', 'serve']) t.match(await call([command], { USER_TABLE: 'staff' }), { code: 1, err: /has tokens of the users in people_person, not in staff: set USER_TABLE=people_person/ })
})

t.test('users are made, listed and get passwords by the commands', async (t) => {
  const { call, json, url, stored } = await setUp(t)
  t.match(await call(['createsuperuser', '--noinput', '--username', 'Root@Example.org'], PASSWORD), { code: 0, out: 'Superuser created successfully.\n' })
  t.match(await call(['createuser', '--noinput', '--username', 'user@example.org', '--email', 'user@example.org']), { code: 0, out: 'User created successfully.\n' })
  t.match(await call(['createuser', '--noinput', '--username', 'x@example.org', '--email', 'y@example.org']), { code: 1, err: 'authtoken: email: It is the username here: change that.\n' })
  t.match(await call(['createuser', '--noinput', '--username', 'plain']), { code: 1, err: 'authtoken: username: Enter a valid email address.\n' })
  t.match(await call(['createuser', '--noinput', '--username', bob.email]), { code: 1, err: 'authtoken: username: A user with that username already exists.\n' })
  const asked = await call(['createuser'], {}, ['asked@example.org\r', 'correct horse battery\r', 'correct horse battery\r'])
  t.match(asked, { code: 0, out: /User created successfully/ })
  t.notMatch(asked.out, 'Email address', 'it is asked for once')

  const listed = await json('users', 'list')
  t.equal(listed.length, people.length + 3)
  t.match(listed.find(({ username }) => username === 'Root@example.org'), { id: /^[0-9a-f]{8}-/, email: 'Root@example.org', active: true, staff: true, superuser: true })
  t.same(listed.filter(({ id }) => id === ada.id).map(({ username }) => username), [ada.email])
  t.match((await call(['users', 'list', '--search', 'zoë'])).out, `${zoe.id}  ${zoe.email}`)

  t.match(await call(['changepassword', '--noinput', '--keep-tokens', zoe.email], { AUTHTOKEN_PASSWORD: 'another horse battery' }), { code: 0, out: `Password changed successfully for user ${zoe.email}\n` })
  const [row] = await sql(url, `select password, is_active from people_person where id = '${stored(zoe.id)}'`)
  t.match(row, { password: /^pbkdf2_sha256\$/, is_active: 1 }, 'as every Django reads it')
})

t.test('DRF tokens are shown, made, ended and made anew', async (t) => {
  const { call, who, json } = await setUp(t)
  t.match(await call(['create-token', ada.email]), { code: 0, out: `Generated token ${ada.token} for user ${ada.email}\n` })
  t.match(await call(['create-token', 'nobody@example.org']), { code: 1, err: /user nobody@example\.org does not exist/ })
  t.match(await call(['create-token', '--missing']), { code: 0, out: 'Generated tokens for 1 users\n' })
  const [token] = await json('tokens', 'list', notoken.email)
  t.match(token, { username: notoken.email, id: `drf-${notoken.id}`, kind: 'drf' })
  const reset = await call(['create-token', '-r', bob.email])
  t.equal(await who(/[0-9a-f]{40}/.exec(reset.out)?.[0] ?? ''), bob.email)
  t.equal(await who(bob.token ?? ''), null)
  const rotated = await call(['tokens', 'rotate', `drf-${zoe.id}`])
  t.equal(await who(/[0-9a-f]{40}/.exec(rotated.out)?.[0] ?? ''), zoe.email)
  t.match(await call(['tokens', 'revoke', `drf-${zoe.id}`]), { code: 0 })
  for (const id of [`drf-${zoe.id}`, 'drf-7', 'drf-', 'drf-5bfcf2d8e394674550332640d72db509', `drf-${'z'.repeat(36)}`]) t.match(await call(['tokens', 'revoke', id]), { code: 1, err: /^authtoken: There is no token of that id/ }, id)
})

t.test('access tokens are made, rotated, listed and pruned, and DRF tokens sealed', async (t) => {
  const { call, json, who, url } = await setUp(t)
  const [made] = await json('tokens', 'create', bob.email, '--name', 'ci', '--scope', 'orders:read')
  t.equal(await who(made.token), bob.email)
  const [rotated] = await json('tokens', 'rotate', made.id)
  t.same([await who(made.token), await who(rotated.token)], [null, bob.email])
  await json('tokens', 'create', zoe.email, '--name', 'old', '--expires-in', '1')
  await sql(url, `update authtoken_accesstoken set expires = ${url.startsWith('file:') ? "'2020-01-01 00:00:00.000000'" : "'2020-01-01'"} where name = 'old'`)
  t.match(await call(['tokens', 'prune']), { code: 0, out: /^Deleted \d+ expired tokens\n$/ })
  t.same((await json('tokens', 'list')).filter((token) => token.replaced_by === undefined).map(({ username, kind, name }) => [username, kind, name]).sort(), [['Bob@example.org', 'access', 'ci'], ...people.filter(({ token }) => token !== null).map(({ email }) => [email, 'drf', null])].sort())

  t.match(await call(['tokens', 'seal', '--noinput']), { code: 0, out: /Sealed 4 tokens\n$/ })
  t.same(await sql(url, 'select * from authtoken_token'), [])
  for (const { email, token } of [ada, bob, zoe]) t.equal(await who(token ?? ''), email)
  t.match((await json('tokens', 'list', ada.email))[0], { kind: 'sealed', name: 'drf' })
  t.match(await call(['tokens', 'revoke', '--user', ada.email]), { code: 0 })
  t.equal(await who(ada.token ?? ''), null)
  t.match(await call(['createuser', '--noinput', '--username', 'new@example.org']), { code: 0 }, 'without a token')
})

t.test('what is wrong with USER_TABLE and USERNAME_COLUMN is one line', async (t) => {
  const { call } = await setUp(t, { migrate: false })
  for (const [settings, problem] of [
    [{ USER_TABLE: 'people person' }, /^authtoken: USER_TABLE must be a name of letters, digits and underscores, as people_person\n$/],
    [{ USERNAME_COLUMN: 'e-mail' }, /^authtoken: USERNAME_COLUMN must be a name of letters, digits and underscores, as email\n$/],
    [{ USER_TABLE: 'people_people' }, /has no table people_people \(USER_TABLE\); Django's "manage\.py migrate" makes it\n$/],
    [{ USER_TABLE: 'django_content_type' }, /has a table django_content_type \(USER_TABLE\) without a column password of text; it is not a Django user model\n$/],
    [{ USERNAME_COLUMN: '' }, /has a table people_person without a column username \(USERNAME_COLUMN\); name the one that users log in with, Django's USERNAME_FIELD\n$/],
    [{ USERNAME_COLUMN: 'full_name' }, /has a table people_person whose column full_name \(USERNAME_COLUMN\) is not unique\n$/],
    [{ USERNAME_COLUMN: 'joined' }, /whose column joined \(USERNAME_COLUMN\) is no text\n$/]
  ] as const) {
    for (const command of [['check'], ['migrate'], ['serve'], ['users', 'list']]) {
      const { code, err } = await call(command, settings)
      t.match({ code, err }, { code: 1, err: problem }, `${JSON.stringify(settings)} ${command.join(' ')}`)
      t.equal(err.split('\n').length, 2)
    }
  }
})

t.test('users are imported into tables of ours alone', async (t) => {
  const { call, url } = await setUp(t)
  t.match(await call(['import-django', `file:${fixture('django/hashers.sqlite3')}`]), { code: 1, err: /has a user model of its own \(USER_TABLE\), whose users only its Django can make\n$/ })
  t.equal((await sql(url, 'select id from people_person')).length, people.length)

  const target = await commandLine(t)
  await target.call(['migrate'])
  t.match(await target.call(['import-django', url]), { code: 1, err: /has no table auth_user; only databases of Django with its own user model .* \(users of a custom AUTH_USER_MODEL stay where they are: run the service on that database, with USER_TABLE\)\n$/ })
})

t.test('a file that is not there is not made: it could only be Django\'s', async (t) => {
  const path = join(folderOf(t), 'none.db')
  const { call } = await commandLine(t, { DATABASE_URL: `file:${path}`, USER_TABLE: 'people_person', USERNAME_COLUMN: 'email' })
  for (const command of ['migrate', 'serve', 'check']) t.match(await call([command]), { code: 1, err: /^authtoken: file:\S+none\.db does not exist; with USER_TABLE it must be the file of a Django\n$/ })
  t.notOk(existsSync(path))
})
