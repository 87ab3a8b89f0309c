import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fileUrl, folderOf } from '../../support/databases.js'
import { commandLine } from '../../support/command-line.js'

t.test('a database is made, checked, and taken into use', async (t) => {
  const { call, query } = await commandLine(t)
  t.match(await call(['check']), { code: 1, out: '', err: /^authtoken: .*"authtoken migrate".*\n$/ })
  t.match(await call(['users', 'list']), { code: 1 })
  t.match(await call(['migrate']), { code: 0, out: /is up to date\.\n$/, err: '' })
  t.match(await call(['migrate']), { code: 0 }, 'twice does no harm')
  t.match(await call(['check']), { code: 0, out: /is in order\.\n$/ })
  t.match(JSON.parse((await call(['check', '--json'])).out), { django: false, problems: [], advice: [] })

  const made = await call(['createsuperuser', '--noinput', '--username', 'admin', '--email', 'admin@Example.org'], { AUTHTOKEN_PASSWORD: 'unlike-it-1' })
  t.same(made, { code: 0, out: 'Superuser created successfully.\n', err: '' })
  t.match(await query('select * from auth_user'), [{ username: 'admin', email: 'admin@example.org', is_staff: 1, is_superuser: 1, is_active: 1 }])
  t.match(await query('select * from authtoken_token'), [{ key: /^[0-9a-f]{40}$/, user_id: 1 }])
})

t.test('createuser makes a user without rights; without a password nobody can log in with one', async (t) => {
  const { call, query } = await commandLine(t)
  await call(['migrate'])
  t.same(JSON.parse((await call(['createuser', '--noinput', '--username', 'robot', '--json'])).out), { id: 1, username: 'robot' })
  t.match(await query('select * from auth_user'), [{ username: 'robot', password: /^!/, is_staff: 0, is_superuser: 0 }])
  t.match(await call(['createuser', '--noinput', '--username', 'robot']), { code: 1, err: 'authtoken: username: A user with that username already exists.\n' })
  t.match(await call(['createuser', '--noinput', '--username', 'a b'], { AUTHTOKEN_PASSWORD: '123' }), { code: 1, err: /^authtoken: username: Enter a valid username.* password: This password is too short.*\n$/ })
  t.match(await call(['createuser', '--noinput', '--username', 'weak', '--no-validate'], { AUTHTOKEN_PASSWORD: '123' }), { code: 0 })
  t.match(await call(['createuser', '--noinput']), { code: 1, err: 'authtoken: You must use --username with --noinput.\n' })
  t.match(await call(['createuser']), { code: 1, err: /^authtoken: This is no terminal to ask on: use --noinput/ })
})

t.test('createsuperuser asks, as Django does', async (t) => {
  const { call, query } = await commandLine(t)
  await call(['migrate'])
  const made = await call(['createsuperuser'], {}, ['admin\r', 'a@example.org\r', 'unlike-it-1\r', 'unlike-it-1\r'])
  t.match(made, { code: 0, out: /Superuser created successfully/ })
  t.notMatch(made.out, 'unlike-it-1', 'the password is not shown')
  t.match(await query('select username, email from auth_user'), [{ username: 'admin', email: 'a@example.org' }])

  const bypassed = await call(['createuser', '--username', 'weak', '--email', ''], {}, ['123\r', '123\r', 'y'])
  t.match(bypassed, { code: 0, out: /This password is too short/ })
  const declined = await call(['createuser', '--username', 'strong', '--email', ''], {}, ['123\r', '123\r', 'n', 'unlike-it-1\r', 'unlike-it-1\r'])
  t.match(declined, { code: 0 })
  t.match(await call(['createuser', '--username', 'gone'], {}, ['\x03']), { code: 1, err: 'authtoken: Operation cancelled.\n' })
  t.equal((await query('select * from auth_user')).length, 3)
})

t.test('changepassword sets a password, and the tokens end unless they are to stay', async (t) => {
  const { call, query } = await commandLine(t)
  await call(['migrate'])
  await call(['createuser', '--noinput', '--username', 'ann'])
  const token = await query('select key from authtoken_token')
  t.match(await call(['changepassword', 'ann', '--noinput', '--keep-tokens'], { AUTHTOKEN_PASSWORD: 'unlike-it-1' }), { code: 0, out: 'Password changed successfully for user ann\n' })
  const [first] = await query('select password from auth_user') as Array<{ password: string }>
  t.match(first?.password, /^argon2\$/)
  t.same(await query('select key from authtoken_token'), token)
  t.match(await call(['changepassword', 'ann', '--json'], {}, ['another-1\r', 'another-1\r']), { code: 0, out: /{"id":1,"username":"ann"}/ })
  t.notSame(await query('select password from auth_user'), [first])
  t.same(await query('select key from authtoken_token'), [])
  t.match(await call(['changepassword', 'ann', '--noinput'], { AUTHTOKEN_PASSWORD: '123' }), { code: 1, err: /password: This password is too short/ })
  t.match(await call(['changepassword', 'nobody', '--noinput'], { AUTHTOKEN_PASSWORD: 'x' }), { code: 1, err: 'authtoken: user "nobody" does not exist\n' })
  t.match(await call(['changepassword', 'ann', '--noinput']), { code: 1, err: 'authtoken: You must set AUTHTOKEN_PASSWORD with --noinput.\n' })
  t.match(await call(['changepassword', 'ann']), { code: 1, err: /no terminal to ask on/ })
})

t.test("create-token prints what DRF's drf_create_token prints", async (t) => {
  const { call, query } = await commandLine(t)
  await call(['migrate'])
  await call(['createuser', '--noinput', '--username', 'ann'])
  const key = async () => (await query('select key from authtoken_token'))[0]?.key
  const first = await key()
  for (const name of ['create-token', 'drf_create_token']) t.same(await call([name, 'ann']), { code: 0, out: `Generated token ${first} for user ann\n`, err: '' })
  t.same(await call(['create-token', '-r', 'ann']), { code: 0, out: `Generated token ${await key()} for user ann\n`, err: '' })
  t.not(await key(), first)
  t.same(JSON.parse((await call(['create-token', 'ann', '--json'])).out), { username: 'ann', token: await key() })
  t.same(await call(['create-token', 'nobody']), { code: 1, out: '', err: 'authtoken: Cannot create the Token: user nobody does not exist\n' })
  t.same(await call(['create-token']), { code: 1, out: '', err: 'authtoken: Name a user, or use --missing.\n' })
})

t.test('create-token --missing gives every user a token', async (t) => {
  const { call, query } = await commandLine(t)
  await call(['migrate'])
  const addUsers = (from: number, to: number) => query(`with recursive n(i) as (select ${from} union all select i + 1 from n where i < ${to})
    insert into auth_user (id, password, is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name)
    select i, '!', false, 'user' || i, '', '', false, true, '2026-01-01 00:00:00', '' from n`)
  await addUsers(1, 1200)
  t.same(await call(['create-token', '--missing']), { code: 0, out: 'Generated tokens for 1200 users\n', err: '' })
  t.same(await query('select count(distinct user_id) n from authtoken_token'), [{ n: 1200 }])
  t.same(JSON.parse((await call(['create-token', '--missing', '--json'])).out), { created: 0 })
  await addUsers(1201, 1210)
  t.match(await call(['create-token', '--missing'], {}, []), { code: 0, out: /Every user has a token[^]*Generated tokens for 10 users/ }, 'with a bar, on a terminal')
  const listed = (await call(['users', 'list', '--json'])).out.trim().split('\n').map((line) => JSON.parse(line).id)
  t.same(listed, Array.from({ length: 1210 }, (_, index) => index + 1), 'and as many users are listed, each once')
})

t.test('users list is a table, or an object a line', async (t) => {
  const { call, query } = await commandLine(t)
  await call(['migrate'])
  for (const username of ['ann', 'bob']) await call(['createuser', '--noinput', '--username', username, '--email', `${username}@example.org`])
  await query("update auth_user set email = 'x\u001b[31m' where username = 'bob'")
  const { out } = await call(['users', 'list'])
  t.match(out, /^id +username +email +active +staff +superuser\n1 +ann +ann@example\.org +true +false +false\n2 +bob +x\?\[31m +true/)
  t.same((await call(['users', 'list', '--json'])).out.trim().split('\n').map((line) => JSON.parse(line).username), ['ann', 'bob'])
  t.notMatch((await call(['users', 'list', '--search', 'ANN'])).out, 'bob')
})

t.test('wrong use is one line and exit code 1, help is 0', async (t) => {
  const { call } = await commandLine(t)
  t.match(await call(['bogus']), { code: 1, err: "error: unknown command 'bogus'\n" })
  t.match(await call(['users', 'list', '--bogus']), { code: 1, err: "error: unknown option '--bogus'\n" })
  t.match(await call(['--help']), { code: 0, out: /Usage: authtoken/ })
  t.match(await call(['--version']), { code: 0, out: /^\d+\.\d+\.\d+\n$/ })
})

t.test('wrong settings and databases are one line, without values', async (t) => {
  const { call, query } = await commandLine(t)
  t.same(await call(['serve'], { PORT: 'x', DATABASE_URL: 'mysql://me:s3cret@host/db', LOG_LEVEL: 'loud' }), {
    code: 1,
    out: '',
    err: 'authtoken: PORT must be a whole number from 0 to 65535; DATABASE_URL must be file:<path>, as file:./authtoken.db, or postgres://<user>:<password>@<host>:<port>/<database>; LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent\n'
  })
  const text = join(folderOf(t), 'text')
  writeFileSync(text, 'no database '.repeat(100))
  for (const args of [['serve'], ['migrate'], ['check'], ['users', 'list']]) {
    t.match(await call(args, { DATABASE_URL: `file:${text}` }), { code: 1, out: '', err: /^authtoken: \S+ is not an SQLite database\n$/ }, args.join(' '))
  }
  await call(['migrate'])
  await query('delete from __authtoken_migrations')
  t.match(await call(['users', 'list']), { code: 1, err: /lacks the newest migrations; run "authtoken migrate"\n$/ })
  t.match(await call(['check']), { code: 1, err: /lacks the newest migrations/ })
  rmSync(text)
})

t.test('check advises on a file that Django made', async (t) => {
  const { call, query } = await commandLine(t, { DATABASE_URL: fileUrl(t) })
  await call(['migrate'])
  await query('pragma journal_mode = delete')
  t.match(await call(['check']), { code: 0, out: /^advice: .*journal_mode is "delete"/ })
})
