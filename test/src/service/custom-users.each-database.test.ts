import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import authtoken, { type FastifyAuthtokenOptions } from '../../../src/index.js'
import { buildService } from '../../support/applications.js'
import { customUserDatabase, fixture } from '../../support/fixtures.js'
import { makeUser } from '../../support/users.js'
import { until } from '../../support/until.js'
import { sql } from '../../support/sql.js'

interface Person { id: string, email: string, password: string, token: string | null }

const people: Person[] = JSON.parse(readFileSync(fixture('django/custom-user.json'), 'utf8'))
const [ada, bob, eve, zoe] = people as [Person, Person, Person, Person]
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const ABSENT_FIELD = 'The users of this database have no such field.'
const ofUser = (email: string) => `/users/${encodeURIComponent(email)}/`

/** The service on the database of a real Django, whose users are in people_person. */
async function setUp (t: Test, env: NodeJS.ProcessEnv = {}) {
  const settings = await customUserDatabase(t)
  // A hash of Django's own cost takes long; that it is the default is told elsewhere.
  const service = await buildService(t, { ...settings, PASSWORD_HASHER: 'argon2', ...env })
  const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object, authorization = `Token ${ada.token}`) => {
    const response = await service.server.inject({ method, url, headers: { ...(authorization !== '' && { authorization }) }, ...(payload && { payload }) })
    return { status: response.statusCode, body: response.body === '' ? null : response.json() }
  }
  const isSqlite = settings.DATABASE_URL.startsWith('file:')
  /** An id as the database has it. */
  const stored = (id: string) => isSqlite ? id.replaceAll('-', '') : id
  const person = async (email: string) => (await sql(settings.DATABASE_URL, `select *${isSqlite ? '' : ', joined::text, last_login::text'} from people_person where email = '${email}'`))[0]
  return { ...service, call, stored, person, isSqlite, url: settings.DATABASE_URL }
}

t.test('tokens that Django made are verified, and ids are UUIDs with hyphens', async (t) => {
  const { call } = await setUp(t)
  for (const { id, email, token } of [ada, bob, zoe]) {
    const { status, body } = await call('GET', '/users/me/', undefined, `Token ${token}`)
    t.equal(status, 200)
    t.match(body, { id, username: email, email, first_name: '', last_name: '', date_joined: null, last_login: null, is_active: true, is_staff: email === ada.email, is_superuser: email === ada.email })
    t.match(body.token, { id: `drf-${id}`, kind: 'drf', hint: token?.slice(0, 4), scope: '*' })
  }
  t.same(await call('GET', '/users/me/', undefined, `Token ${eve.token}`), { status: 401, body: { detail: 'User inactive or deleted.' } })
  t.same(await call('GET', '/users/me/', undefined, `Token ${'0'.repeat(40)}`), { status: 401, body: { detail: 'Invalid token.' } })
})

t.test('the exchange takes e-mail and password, and answers as DRF', async (t) => {
  const { call, log } = await setUp(t)
  const exchange = (username: unknown, password: unknown) => call('POST', '/api-token-auth/', { username, password }, '')
  for (const { email, password, token } of [bob, zoe]) t.same(await exchange(email, password), { status: 200, body: { token } })
  const refused = { status: 400, body: { non_field_errors: ['Unable to log in with provided credentials.'] } }
  t.same(await exchange('bob@example.org', bob.password), refused, 'the exact case')
  t.same(await exchange(eve.email, eve.password), refused, 'not active')
  t.same(await exchange(ada.email, 'wrong'), refused)
  t.same(await exchange('nobody@example.org', 'wrong'), refused)
  t.same(await call('POST', '/api-token-auth/', {}, ''), { status: 400, body: { username: ['This field is required.'], password: ['This field is required.'] } })
  for (const { password } of people) t.notMatch(log.join(''), password)
})

t.test('the exchange makes the first token of a user, and login tokens', async (t) => {
  const { call, stored, url } = await setUp(t)
  const notoken = people[4] as Person
  const body = { username: notoken.email, password: notoken.password }
  const { status, body: { token } } = await call('POST', '/api-token-auth/', body, '')
  t.equal(status, 200)
  t.match(await sql(url, `select user_id from authtoken_token where key = '${token}'`), [{ user_id: stored(notoken.id) }])
  const login = await call('POST', '/api-token-auth/', { ...body, name: 'phone' }, '')
  t.match(login.body.token, /^fat_/)
  t.match((await call('GET', '/users/me/', undefined, `Token ${login.body.token}`)).body, { id: notoken.id, token: { kind: 'login', name: 'phone' } })
})

t.test('users are listed, searched and read by their addresses', async (t) => {
  const { call, authtoken } = await setUp(t)
  const { body } = await call('GET', '/users/')
  t.same(body.results.map(({ id, email }: Person) => [id, email]).sort(), people.map(({ id, email }) => [id, email]).sort())
  const pages = [await call('GET', '/users/?page_size=3'), await call('GET', '/users/?page_size=3&page=2')].flatMap(({ body }) => body.results)
  t.same(pages, body.results)
  t.match((await call('GET', '/users/?search=BOB@')).body, { count: 1, results: [{ id: bob.id, username: 'Bob@example.org' }] })
  t.match(await call('GET', ofUser(zoe.email)), { status: 200, body: { id: zoe.id, username: zoe.email } })
  t.match(await call('GET', '/users/ada@example.org'), { status: 200, body: { id: ada.id } }, 'an @ need not be encoded')
  t.match(await call('GET', ofUser('bob@example.org')), { status: 404 })
  t.match(await call('GET', `/users/${bob.id}/`), { status: 404 }, 'not by the id')
  const long = `${'😀'.repeat(242)}@example.org`
  await makeUser(authtoken, long)
  t.match(await call('GET', ofUser(long)), { status: 200, body: { username: long } }, '254 characters')
})

t.test('a user is made as Django would make it', async (t) => {
  const { call, person, isSqlite, stored } = await setUp(t)
  const { status, body } = await call('POST', '/users/', { username: 'New.User@EXAMPLE.org', password: 'correct horse battery', is_staff: true })
  t.equal(status, 201)
  t.match(body, { id: UUID, username: 'New.User@example.org', email: 'New.User@example.org', is_staff: true, is_superuser: false, is_active: true, first_name: '', date_joined: null })
  const row = await person('New.User@example.org') as Record<string, unknown>
  t.match(row, { id: stored(body.id), full_name: '', is_active: 1, is_staff: 1, is_superuser: 0, last_login: null, password: /^argon2\$argon2id\$/ })
  t.match(row.joined, isSqlite ? /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/ : /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,6}\+\d\d$/)
  t.match(await call('GET', `${ofUser('New.User@example.org')}tokens/`), { body: { count: 1, results: [{ id: `drf-${body.id}` }] } }, 'with the DRF token')
})

t.test('what is wrong with a new user is said by field', async (t) => {
  const { call, person } = await setUp(t)
  const make = async (fields: object) => await call('POST', '/users/', { username: 'new@example.org', password: 'correct horse battery', ...fields })
  for (const [fields, problem] of [
    [{ username: 'new' }, { username: ['Enter a valid email address.'] }],
    [{ username: 'ada@EXAMPLE.org' }, { username: ['A user with that username already exists.'] }],
    [{ username: `${'x'.repeat(243)}@example.org` }, { username: ['Ensure this field has no more than 254 characters.'] }],
    [{ first_name: 'Ann', last_name: 'Lee' }, { first_name: [ABSENT_FIELD], last_name: [ABSENT_FIELD] }],
    [{ email: 'other@example.org' }, { email: ['It is the username here: change that.'] }],
    [{ full_name: 'Ann' }, { full_name: ['Unknown field.'] }]
  ] as const) {
    const { status, body } = await make(fields)
    t.equal(status, 400, JSON.stringify(fields))
    t.match(Object.keys(body), Object.keys(problem))
    if (!('full_name' in fields)) t.same(body, problem)
  }
  t.equal(await person('new@example.org'), undefined, 'nobody was made')
  t.match(await make({ first_name: '', email: 'new@example.org' }), { status: 201 }, 'to say what is so anyway is no mistake')
})

t.test('a user is changed and deleted, and what others refer to stays', async (t) => {
  const { call, person, url, stored } = await setUp(t)
  const before = await person(zoe.email) as Record<string, unknown>
  t.match(await call('PATCH', ofUser(zoe.email), { username: 'zoe@example.org', is_active: false }), { status: 200, body: { id: zoe.id, username: 'zoe@example.org', email: 'zoe@example.org', is_active: false } })
  t.same(await person('zoe@example.org'), { ...before, email: 'zoe@example.org', is_active: 0 }, 'and nothing else')
  t.match(await call('GET', '/users/me/', undefined, `Token ${zoe.token}`), { status: 401 })
  t.same((await call('PATCH', ofUser('zoe@example.org'), { first_name: 'Zoe' })).body, { first_name: [ABSENT_FIELD] })
  t.same((await call('PATCH', ofUser('zoe@example.org'), { username: ada.email })).body, { username: ['A user with that username already exists.'] })

  t.match(await call('PATCH', ofUser(bob.email), { password: 'correct horse battery' }), { status: 200 })
  t.match(await call('GET', '/users/me/', undefined, `Token ${bob.token}`), { status: 401 }, 'the tokens end with the old password')
  t.match(await call('POST', '/api-token-auth/', { username: bob.email, password: 'correct horse battery' }, ''), { status: 200 })

  await sql(url, "insert into auth_group (id, name) values (1, 'editors')")
  await sql(url, `insert into people_person_groups (id, person_id, group_id) values (1, '${stored(bob.id)}', 1)`)
  t.match(await call('DELETE', ofUser(bob.email)), { status: 409 })
  t.ok(await person(bob.email))
  await sql(url, 'delete from people_person_groups')
  t.match(await call('DELETE', ofUser(bob.email)), { status: 204 })
  t.equal(await person(bob.email), undefined)
  t.same(await sql(url, `select key from authtoken_token where user_id = '${stored(bob.id)}'`), [])
})

t.test('access tokens live their whole life', async (t) => {
  const { call, url, stored } = await setUp(t)
  const own = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object) => await call(method, `/tokens/${path}`, payload, `Token ${zoe.token}`)
  const as = async (token: string) => (await call('GET', '/users/me/', undefined, `Token ${token}`)).status
  const { status, body: made } = await own('POST', '', { name: 'ci', scope: 'orders:read tokens', expires_in: 3600 })
  t.equal(status, 201)
  t.match(await sql(url, `select user_id from authtoken_accesstoken where id = '${made.id}'`), [{ user_id: stored(zoe.id) }])
  t.equal(await as(made.token), 200)
  t.match(await own('GET', ''), { body: { count: 2, results: [{ id: `drf-${zoe.id}` }, { id: made.id }] } })
  t.match(await own('GET', `drf-${zoe.id}/`), { status: 200, body: { kind: 'drf' } })
  t.match(await own('GET', `drf-${zoe.id.toUpperCase()}/`), { status: 200, body: { id: `drf-${zoe.id}` } }, 'a UUID in capitals is the same one')
  t.match(await own('GET', `drf-${bob.id}/`), { status: 404 }, "another's")
  t.match(await own('PATCH', `${made.id}/`, { name: 'cd', disabled: true }), { status: 200, body: { name: 'cd', disabled: true } })
  t.equal(await as(made.token), 401)
  await own('PATCH', `${made.id}/`, { disabled: false })
  const { body: rotated } = await own('POST', `${made.id}/rotate/`, { grace: 60 })
  t.same([await as(made.token), await as(rotated.token)], [200, 200])
  t.match(await own('DELETE', `${rotated.id}/`), { status: 204 })
  t.equal(await as(rotated.token), 401)

  const path = `${ofUser(bob.email)}tokens/`
  t.match(await call('POST', path, { name: 'by ada' }), { status: 201 })
  t.match(await call('GET', path), { body: { count: 2 } })
  const { body: replaced } = await call('POST', `${path}drf-${bob.id}/rotate/`)
  t.equal(await as(bob.token ?? ''), 401)
  t.equal(await as(replaced.token), 200)
  t.match(await call('DELETE', `${path}drf-${bob.id}/`), { status: 204 })
  t.equal(await as(replaced.token), 401)
  t.match(await call('DELETE', path), { status: 204 })
  t.match(await call('GET', path), { body: { count: 0 } })
  t.match(await own('DELETE', 'current/'), { status: 204 })
  t.equal(await as(zoe.token ?? ''), 401)
})

t.test('last uses are written, and a token of a user who is deleted by Django goes along', async (t) => {
  const { call, authtoken, url, stored } = await setUp(t)
  const { body: { id, token } } = await call('POST', '/tokens/', { name: 'ci' })
  await call('GET', '/users/me/', undefined, `Token ${token}`)
  await authtoken.close()
  t.match(await sql(url, `select last_used is not null as used from authtoken_accesstoken where id = '${id}'`), [{ used: 1 }])
  await sql(url, `delete from authtoken_token where user_id = '${stored(ada.id)}'`)
  if (url.startsWith('postgres')) {
    await sql(url, `delete from people_person where id = '${ada.id}'`)
    t.same(await sql(url, 'select * from authtoken_accesstoken'), [])
  }
})

t.test('what Django does is seen by the next request', async (t) => {
  const { call, authtoken, url } = await setUp(t)
  t.equal((await call('GET', '/users/me/', undefined, `Token ${bob.token}`)).status, 200)
  await sql(url, `update people_person set is_active = ${url.startsWith('file:') ? '0' : 'false'} where email = '${bob.email}'`)
  // A notice of PostgreSQL's may come later than the answer to the statement.
  await until(async () => (await call('GET', '/users/me/', undefined, `Token ${bob.token}`)).status === 401)
  t.match(await authtoken.users.findByUsername(bob.email), { isActive: false })
})

t.test('a host application has the same by the plugin', async (t) => {
  const { DATABASE_URL: database } = await customUserDatabase(t)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(authtoken, { database, migrate: true, users: { table: 'people_person', username: 'email' } })
  app.get('/whatever', { onRequest: app.auth([app.verifyToken]) }, async ({ user, auth }) => ({ user, auth: auth?.id }))
  const { statusCode, body } = await app.inject({ url: '/whatever', headers: { authorization: `Token ${zoe.token}` } })
  t.equal(statusCode, 200)
  t.match(JSON.parse(body), { user: { id: zoe.id, username: zoe.email, email: zoe.email, firstName: '', isActive: true, dateJoined: null }, auth: `drf-${zoe.id}` })
  t.notMatch(body, 'password')
})

t.test('a plugin whose users are none does not register, and says why', async (t) => {
  const { DATABASE_URL: database } = await customUserDatabase(t)
  const problem = async (options: object) => {
    const app = Fastify()
    try {
      await app.register(authtoken, { database, migrate: true, ...options } as FastifyAuthtokenOptions)
      return 'registered'
    } catch (error) {
      return (error as Error).message
    } finally {
      await app.close()
    }
  }
  for (const [users, expected] of [
    ['people_person', 'authtoken: users must be an object with table and username, the names of a custom AUTH_USER_MODEL'],
    [{ table: 'people person' }, 'authtoken: users.table must be a name of letters, digits and underscores, as people_person'],
    [{ table: 'people_person', username: 7 }, 'authtoken: users.username must be a name of letters, digits and underscores, as email'],
    [{ table: 'people_person', usernameColumn: 'email' }, 'authtoken: users.usernameColumn is not an option'],
    [{ table: 'person' }, /has no table person \(users\.table\)/],
    [{ table: 'people_person' }, /has a table people_person without a column username \(users\.username\)/],
    [undefined, /has tokens of the users in people_person, not in auth_user: set users\.table: 'people_person'/]
  ] as const) t.match(await problem(users === undefined ? {} : { users }), expected)
})
