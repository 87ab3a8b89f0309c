import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { buildService } from '../../support/applications.js'
import { makeUser } from '../../support/users.js'
import { sql } from '../../support/sql.js'

const client = (server: FastifyInstance, authorization: string) =>
  async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT' | 'OPTIONS', url: string, payload?: object) => {
    const response = await server.inject({ method, url, headers: { authorization }, ...(payload !== undefined && { payload }) })
    return { status: response.statusCode, headers: response.headers, body: response.body === '' ? null : response.json() }
  }

async function setUp (t: Test, env: NodeJS.ProcessEnv = {}) {
  const { server, authtoken, settings } = await buildService(t, env)
  const root = await makeUser(authtoken, 'root', { isStaff: true, isSuperuser: true })
  const staff = await makeUser(authtoken, 'staff', { isStaff: true })
  const ann = await makeUser(authtoken, 'ann')
  return { server, authtoken, settings, ann, staff, root: client(server, root.authorization), asStaff: client(server, staff.authorization), asAnn: client(server, ann.authorization) }
}

t.test('everybody learns who they are', async (t) => {
  const { asAnn, ann, server } = await setUp(t)
  for (const url of ['/users/me', '/users/me/']) {
    const { status, body } = await asAnn('GET', url)
    t.equal(status, 200)
    t.match(body, {
      id: ann.user.id,
      username: 'ann',
      is_staff: false,
      last_login: null,
      date_joined: ann.user.dateJoined?.toISOString(),
      token: { id: `drf-${ann.user.id}`, kind: 'drf', name: null, hint: ann.token.key.slice(0, 4), scope: '*', expires: null, last_used: null, disabled: false }
    })
    t.equal((await server.inject(url)).statusCode, 401)
  }
  const { status, headers } = await asAnn('PUT', '/users/me/')
  t.equal(status, 405)
  t.equal(headers.allow, 'GET, HEAD, OPTIONS')
})

t.test('users are for administrators: superusers, and staff where it is set so', async (t) => {
  const { root, asStaff, asAnn, server } = await setUp(t)
  for (const [method, url] of [['GET', '/users/'], ['POST', '/users/'], ['GET', '/users/ann/'], ['PATCH', '/users/ann/'], ['DELETE', '/users/ann/'], ['PUT', '/users/ann/'], ['GET', '/users/nobody/']] as const) {
    for (const ask of [asStaff, asAnn]) t.equal((await ask(method, url, method === 'GET' ? undefined : {})).status, 403, `${method} ${url}`)
    t.equal((await server.inject({ method, url })).statusCode, 401, `${method} ${url}`)
  }
  t.equal((await root('GET', '/users/')).status, 200)

  const widened = await setUp(t, { ADMINISTRATORS: 'staff' })
  t.equal((await widened.asStaff('GET', '/users/')).status, 200)
  t.equal((await widened.asAnn('GET', '/users/')).status, 403)
})

t.test('staff administrators raise nobody and touch no superuser', async (t) => {
  const { asStaff, authtoken } = await setUp(t, { ADMINISTRATORS: 'staff' })
  t.equal((await asStaff('POST', '/users/', { username: 'new', password: 'new-pass-1', is_staff: true })).status, 403)
  t.equal((await asStaff('POST', '/users/', { username: 'new', password: 'new-pass-1', is_superuser: true })).status, 403)
  t.equal((await asStaff('POST', '/users/', { username: 'new', password: 'unlike-it-1', is_staff: false })).status, 201)
  t.equal((await asStaff('PATCH', '/users/ann/', { is_superuser: true })).status, 403)
  t.equal((await asStaff('PATCH', '/users/staff/', { is_staff: false })).status, 403)
  t.equal((await asStaff('PATCH', '/users/root/', { password: 'taken-over-1' })).status, 403)
  t.equal((await asStaff('DELETE', '/users/root/')).status, 403)
  t.equal((await asStaff('PATCH', '/users/ann/', { email: 'ann@Example.ORG', is_staff: false })).body.email, 'ann@example.org')
  t.match(await authtoken.users.findByUsername('ann'), { isStaff: false, isSuperuser: false })
})

t.test('a superuser\'s token that has only the scope admin makes no superuser, and touches none', async (t) => {
  const { server, authtoken } = await setUp(t)
  const { user: root } = await makeUser(authtoken, 'boss', { isStaff: true, isSuperuser: true })
  const { key } = await authtoken.tokens.create(root, { scope: 'admin' })
  const asAdmin = client(server, `Token ${key}`)
  const rows = () => authtoken.users.list({ limit: 50 })
  const before = await rows()
  for (const [method, url, body] of [
    ['POST', '/users/', { username: 'new', password: 'correct horse battery', is_superuser: true }],
    ['POST', '/users/', { username: 'new', password: 'correct horse battery', is_staff: true }],
    ['PATCH', '/users/ann/', { is_superuser: true }],
    ['PATCH', '/users/boss/', { password: 'correct horse battery' }],
    ['PATCH', '/users/root/', { password: 'correct horse battery' }],
    ['PATCH', '/users/root/', { is_active: false }],
    ['PATCH', '/users/root/', { email: 'mine@example.org' }],
    ['DELETE', '/users/root/', undefined],
    ['POST', '/users/root/tokens/', { scope: 'admin' }],
    ['DELETE', '/users/root/tokens/', undefined]
  ] as const) t.equal((await asAdmin(method, url, body)).status, 403, `${method} ${url} ${JSON.stringify(body)}`)
  t.strictSame(await rows(), before)
  t.equal((await asAdmin('POST', '/users/', { username: 'eve', password: 'correct horse battery' })).status, 201)
  t.equal((await asAdmin('PATCH', '/users/ann/', { is_active: false })).status, 200)
})

t.test('a user is made, read, changed and deleted', async (t) => {
  const { root, server, authtoken } = await setUp(t)
  const made = await root('POST', '/users/', { username: 'ﬁsh', password: 'unlike-it-1', email: 'f@EXAMPLE.org', first_name: 'F', last_name: 'Ish', is_staff: true, is_active: true })
  t.equal(made.status, 201)
  t.match(made.body, { username: 'fish', email: 'f@example.org', first_name: 'F', last_name: 'Ish', is_staff: true, is_superuser: false, is_active: true })
  t.same((await root('GET', '/users/fish')).body, made.body)
  const user = await authtoken.users.findByUsername('fish')
  const token = user === null ? null : await authtoken.tokens.find(user)
  t.match(token?.key, /^[0-9a-f]{40}$/, 'a token was made with the user')

  const changed = await root('PATCH', '/users/fish/', { username: 'whale', is_staff: false, password: 'deep-blue-7' })
  t.match(changed.body, { username: 'whale', is_staff: false, email: 'f@example.org' })
  t.same((await root('PATCH', '/users/whale/', {})).body, changed.body, 'nothing to change')
  const login = await server.inject({ method: 'POST', url: '/api-token-auth/', payload: { username: 'whale', password: 'deep-blue-7' } })
  t.not(login.json().token, token?.key, 'the token ends with the password')
  await root('PATCH', '/users/whale/', { password: 'deeper-blue-7', revoke_tokens: false })
  t.same((await server.inject({ url: '/users/me/', headers: { authorization: `Token ${login.json().token}` } })).json().username, 'whale', 'unless it is to stay, as in Django')

  t.equal((await root('DELETE', '/users/whale/')).status, 204)
  t.equal((await root('GET', '/users/whale/')).status, 404)
  t.same((await root('DELETE', '/users/whale/')).body, { detail: 'Not found.' })
  t.equal((await root('PATCH', '/users/whale/', { email: '' })).status, 404)
  const dead = await server.inject({ url: '/users/me/', headers: { authorization: `Token ${login.json().token}` } })
  t.same(dead.json(), { detail: 'Invalid token.' })
})

t.test('deactivating a user ends its token and its logins, activating brings them back', async (t) => {
  const { root, asAnn, server, authtoken, ann } = await setUp(t)
  await authtoken.users.setPassword(ann.user, 'ann-pass-1', { validate: false, revokeTokens: false })
  const login = { method: 'POST', url: '/api-token-auth/', payload: { username: 'ann', password: 'ann-pass-1' } } as const
  await root('PATCH', '/users/ann/', { is_active: false })
  t.same((await asAnn('GET', '/users/me/')).body, { detail: 'User inactive or deleted.' })
  t.equal((await server.inject(login)).statusCode, 400)
  await root('PATCH', '/users/ann/', { is_active: true })
  t.equal((await asAnn('GET', '/users/me/')).status, 200)
  t.equal((await server.inject(login)).statusCode, 200)
})

t.test('bad input is 400 with the field named, and nothing is written', async (t) => {
  const { root } = await setUp(t)
  const good = { username: 'new', password: 'unlike-it-1' }
  for (const [body, answer] of [
    [{}, { username: ['This field is required.'], password: ['This field is required.'] }],
    [{ ...good, username: 'ann' }, { username: ['A user with that username already exists.'] }],
    [{ ...good, username: 'me' }, { username: ['The username "me" is reserved.'] }],
    [{ ...good, username: 'two words' }, { username: ['Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.'] }],
    [{ ...good, username: 'x'.repeat(151) }, { username: ['Ensure this field has no more than 150 characters.'] }],
    [{ ...good, username: '' }, { username: ['This field may not be blank.'] }],
    [{ ...good, username: 7 }, { username: ['Not a valid string.'] }],
    [{ ...good, password: '1234567' }, { password: ['This password is too short. It must contain at least 8 characters.', 'This password is too common.', 'This password is entirely numeric.'] }],
    [{ ...good, password: 'password' }, { password: ['This password is too common.'] }],
    [{ username: 'katharinexy', password: 'katharinexy7' }, { password: ['The password is too similar to the username.'] }],
    [{ ...good, email: 'somebody@example.org', password: 'somebody9' }, { password: ['The password is too similar to the email address.'] }],
    [{ ...good, password: 'nul\0nul\0nul' }, { password: ['Null characters are not allowed.'] }],
    [{ ...good, email: 'nothing' }, { email: ['Enter a valid email address.'] }],
    [{ ...good, email: `${'x'.repeat(254)}@example.org` }, { email: ['Ensure this field has no more than 254 characters.'] }],
    [{ ...good, first_name: 'x'.repeat(151) }, { first_name: ['Ensure this field has no more than 150 characters.'] }],
    [{ ...good, last_name: '\ud800' }, { last_name: ['Surrogate characters are not allowed: U+D800.'] }],
    [{ ...good, is_staff: 'true' }, { is_staff: ['Must be a valid boolean.'] }],
    [{ ...good, is_active: null }, { is_active: ['This field may not be null.'] }],
    [{ ...good, is_admin: true }, { is_admin: ['This field is not known.'] }],
    [[good], { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }]
  ] as const) {
    const { status, body: got } = await root('POST', '/users/', body as object)
    t.equal(status, 400, JSON.stringify(body).slice(0, 80))
    t.same(got, answer)
  }
  t.equal((await root('GET', '/users/')).body.count, 3)
  t.same((await root('PATCH', '/users/ann/', { username: 'staff' })).body, { username: ['A user with that username already exists.'] })
  t.equal((await root('PATCH', '/users/ann/', { email: 'ann@example.org', password: '123' })).status, 400)
  t.equal((await root('GET', '/users/ann/')).body.email, '', 'not even the good half of a change')
})

t.test('the list has pages and a search', async (t) => {
  const { root, authtoken } = await setUp(t)
  for (const name of ['user_1', 'user_2', 'user%3']) await authtoken.users.create({ username: name.replace('%', '.'), password: null, email: `${name}@example.org` })
  const first = await root('GET', '/users/?page_size=4')
  t.match(first.body, { count: 6, next: 'http://localhost:80/users/?page_size=4&page=2', previous: null })
  t.same(first.body.results.map(({ username }: { username: string }) => username), ['root', 'staff', 'ann', 'user_1'])
  const second = await root('GET', new URL(first.body.next).pathname + new URL(first.body.next).search)
  t.match(second.body, { count: 6, next: null, previous: 'http://localhost:80/users/?page_size=4' })
  t.equal(second.body.results.length, 2)

  const found = async (search: string) => (await root('GET', `/users/?search=${encodeURIComponent(search)}`)).body.results.map(({ username }: { username: string }) => username)
  t.same(await found('USER_'), ['user_1', 'user_2'])
  t.same(await found('%'), ['user.3'], 'a wildcard is a character')
  t.same(await found('\\'), [])
  t.same(await found('example.org'), ['user_1', 'user_2', 'user.3'])

  for (const page of ['0', '7', 'x', '-1', '99999999']) {
    const { status, body } = await root('GET', `/users/?page=${page}`)
    t.equal(status, 404)
    t.same(body, { detail: 'Invalid page.' })
  }
  t.same((await root('GET', '/users/?page_size=0')).body, { page_size: ['Enter a whole number from 1 to 1000.'] })
  t.same((await root('GET', '/users/?search=a&search=b')).body, { search: ['Not a valid string.'] })
  t.same((await root('GET', '/users/?search=%00')).body, { search: ['Null characters are not allowed.'] })
})

t.test('a user that other tables point to is not deleted, but 409', async (t) => {
  const { root, authtoken, settings } = await setUp(t)
  await sql(settings.DATABASE_URL, 'create table django_admin_log (user_id integer not null references auth_user (id) deferrable initially deferred)')
  await sql(settings.DATABASE_URL, "insert into django_admin_log select id from auth_user where username = 'ann'")
  const { status, body } = await root('DELETE', '/users/ann/')
  t.equal(status, 409)
  t.match(body, { detail: /other tables of the database refer to it/ })
  const ann = await authtoken.users.findByUsername('ann')
  t.ok(ann !== null && await authtoken.tokens.find(ann), 'neither the user nor its token is gone')
})

t.test('percent-encoded usernames of 150 characters are found', async (t) => {
  const { root, authtoken } = await setUp(t)
  const username = '語'.repeat(150)
  await authtoken.users.create({ username, password: null })
  t.equal((await root('GET', `/users/${encodeURIComponent(username)}/`)).body.username, username)
})

t.test('other methods are 405 with Allow, other content types 415, broken JSON 400', async (t) => {
  const { root, server, authtoken } = await setUp(t)
  for (const [url, allow] of [['/users/', 'GET, POST, HEAD, OPTIONS'], ['/users/ann/', 'GET, PATCH, DELETE, HEAD, OPTIONS']] as const) {
    const refused = await root('PUT', url, {})
    t.equal(refused.status, 405)
    t.equal(refused.headers.allow, allow)
    const options = await root('OPTIONS', url)
    t.equal(options.status, 204)
    t.equal(options.headers.allow, allow)
  }
  const user = await authtoken.users.findByUsername('root')
  const authorization = `Token ${user === null ? '' : (await authtoken.tokens.getOrCreate(user)).key}`
  const send = (type: string, payload: string) => server.inject({ method: 'POST', url: '/users/', headers: { authorization, 'content-type': type }, payload })
  t.same((await send('text/plain', 'x')).json(), { detail: 'Unsupported media type "text/plain" in request.' })
  t.same((await send('application/json', '{"password":"s3cret')).json(), { detail: 'JSON parse error - the body is not valid JSON.' })
  t.same((await send('application/json', '')).json(), { username: ['This field is required.'], password: ['This field is required.'] })
})
