import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import type { NewToken } from '../../../src/index.js'
import { buildService } from '../../support/applications.js'
import { makeLogin, makeUser } from '../../support/users.js'
import { sql } from '../../support/sql.js'

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT' | 'OPTIONS'

const client = (server: FastifyInstance, authorization: string) => async (method: Method, url: string, payload?: object) => {
  const response = await server.inject({ method, url, headers: { authorization }, ...(payload !== undefined && { payload }) })
  return { status: response.statusCode, headers: response.headers, body: response.body === '' ? null : response.json() }
}

async function setUp (t: Test, env: NodeJS.ProcessEnv = {}) {
  const { server, authtoken, ...rest } = await buildService(t, env)
  const root = await makeUser(authtoken, 'root', { isStaff: true, isSuperuser: true })
  const ann = await makeUser(authtoken, 'ann')
  const bob = await makeUser(authtoken, 'bob')
  const ask = (key: string) => client(server, `Token ${key}`)
  const make = async (owner: { user: { id: number } }, token: NewToken = {}) => {
    const made = await authtoken.tokens.create(owner.user, token)
    return { ...made, ask: ask(made.key) }
  }
  return { server, authtoken, ...rest, root, ann, bob, ask, make, asRoot: ask(root.token.key), asAnn: ask(ann.token.key), asBob: ask(bob.token.key) }
}

const status = async (ask: (method: Method, url: string) => Promise<{ status: number }>) => (await ask('GET', '/users/me/')).status

t.test('a token is made, shown once, listed, renamed, disabled, enabled and deleted', async (t) => {
  const { asAnn, ask, ann } = await setUp(t)
  const made = await asAnn('POST', '/tokens/', { name: ' ci ', scope: 'orders:read tokens', expires_in: 3600 })
  t.equal(made.status, 201)
  t.equal(made.headers['cache-control'], 'no-store')
  const { token, id, ...shown } = made.body
  t.match(token, /^fat_[0-9A-Za-z]{36}$/)
  t.match(id, /^[0-9A-Za-z]{16}$/)
  t.match(shown, { kind: 'access', name: 'ci', hint: token.slice(4, 8), scope: 'orders:read tokens', last_used: null, disabled: false })
  t.equal(new Date(shown.expires).getTime() - new Date(shown.created).getTime(), 3_600_000)

  const me = await ask(token)('GET', '/users/me/')
  t.match(me.body, { username: 'ann', token: { id, kind: 'access', scope: 'orders:read tokens' } })
  t.notOk('token' in me.body.token || 'key' in me.body.token)
  t.same((await asAnn('GET', `/tokens/${id}/`)).body, { id, ...shown })
  t.same((await ask(token)('GET', '/tokens/current/')).body, { id, ...shown })
  const list = await asAnn('GET', '/tokens')
  t.match(list.body, { count: 2, next: null, previous: null })
  t.same(list.body.results.map((one: { id: string }) => one.id), [`drf-${ann.user.id}`, id])

  t.match(await asAnn('PATCH', `/tokens/${id}/`, { name: 'robot', scope: '' }), { status: 200, body: { name: 'robot', scope: '' } })
  t.match(await asAnn('PATCH', `/tokens/${id}/`, { disabled: true }), { status: 200, body: { disabled: true } })
  t.same((await ask(token)('GET', '/users/me/')).body, { detail: 'Invalid token.' })
  t.match(await asAnn('PATCH', `/tokens/${id}/`, { disabled: false }), { status: 200, body: { disabled: false } })
  t.equal(await status(ask(token)), 200)
  t.equal((await asAnn('DELETE', `/tokens/${id}/`)).status, 204)
  t.equal(await status(ask(token)), 401)
  t.equal((await asAnn('DELETE', `/tokens/${id}/`)).status, 404)
})

t.test('what is left out is generated, and the scope is the maker\'s own', async (t) => {
  const { asAnn, make, ann } = await setUp(t)
  t.match(await asAnn('POST', '/tokens/', {}), { status: 201, body: { name: /^access-[0-9A-Za-z]{10}$/, scope: '*', expires: null } })
  const narrow = await make(ann, { scope: 'tokens orders:read' })
  t.match(await narrow.ask('POST', '/tokens/', {}), { status: 201, body: { scope: 'tokens orders:read' } })
})

t.test('bad input is refused with the field named, and nothing is written', async (t) => {
  const { asAnn, ann, authtoken } = await setUp(t, { TOKEN_MAX_LIFE: '86400' })
  await asAnn('POST', '/tokens/', { name: 'taken' })
  const scopes = 'Enter scopes with single spaces between them; a scope has no space, quotation mark or backslash (RFC 6749 section 3.3).'
  for (const [body, answer] of [
    [{ scope: 'a  b' }, { scope: [scopes] }],
    [{ scope: ' a' }, { scope: [scopes] }],
    [{ scope: 'a"b' }, { scope: [scopes] }],
    [{ scope: 'a\\b' }, { scope: [scopes] }],
    [{ scope: 'ä' }, { scope: [scopes] }],
    [{ scope: 'x'.repeat(1001) }, { scope: ['Ensure this field has no more than 1000 characters.'] }],
    [{ scope: ['a'] }, { scope: ['Not a valid string.'] }],
    [{ name: '' }, { name: ['This field may not be blank.'] }],
    [{ name: '  ' }, { name: ['This field may not be blank.'] }],
    [{ name: 'x'.repeat(101) }, { name: ['Ensure this field has no more than 100 characters.'] }],
    [{ name: 'a\u0007' }, { name: ['Control characters are not allowed.'] }],
    [{ name: 'a\0' }, { name: ['Null characters are not allowed.'] }],
    [{ name: 7 }, { name: ['Not a valid string.'] }],
    [{ name: 'drf' }, { name: ['The name "drf" is reserved.'] }],
    [{ name: 'taken' }, { name: ['The user has a token of that name already.'] }],
    [{ expires_in: 0 }, { expires_in: ['Enter a whole number from 1 to 3155760000.'] }],
    [{ expires_in: -1 }, { expires_in: ['Enter a whole number from 1 to 3155760000.'] }],
    [{ expires_in: 1.5 }, { expires_in: ['Enter a whole number from 1 to 3155760000.'] }],
    [{ expires_in: '60' }, { expires_in: ['Enter a whole number from 1 to 3155760000.'] }],
    [{ expires_in: 86_401 }, { expires_in: ['Enter a whole number from 1 to 86400.'] }],
    [{ expires_in: null }, { expires_in: ['Enter a whole number from 1 to 86400.'] }],
    [{ expires: '2020-01-01' }, { expires: ['This field is not known.'] }],
    [[], { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }]
  ] as const) {
    const got = await asAnn('POST', '/tokens/', body as object)
    t.equal(got.status, 400, JSON.stringify(body).slice(0, 60))
    t.same(got.body, answer)
  }
  const { count, tokens } = await authtoken.tokens.list(ann.user, { limit: 10 })
  t.equal(count, 2)
  const id = tokens[1]?.id
  for (const [body, answer] of [
    [{ name: '' }, { name: ['This field may not be blank.'] }],
    [{ scope: '"' }, { scope: [scopes] }],
    [{ disabled: 'yes' }, { disabled: ['Must be a valid boolean.'] }],
    [{ expires_in: 60 }, { expires_in: ['This field is not known.'] }]
  ] as const) t.match(await asAnn('PATCH', `/tokens/${id}/`, body), { status: 400, body: answer })
  for (const grace of [-1, 2_592_001, 'x', null]) t.match(await asAnn('POST', `/tokens/${id}/rotate/`, { grace }), { status: 400, body: { grace: [/./] } })
  t.same(await authtoken.tokens.list(ann.user, { limit: 10 }), { count, tokens })
  t.match(await asAnn('GET', '/tokens/?page=9'), { status: 404, body: { detail: 'Invalid page.' } })
  t.match(await asAnn('GET', '/tokens/?page_size=x'), { status: 400 })
})

t.test('a token of somebody else is 404, not 403, and stays as it is', async (t) => {
  const { asAnn, asBob, make, bob, ann } = await setUp(t)
  const { id, ask } = await make(bob)
  for (const other of [id, `drf-${bob.user.id}`, 'nothing', 'drf-', 'drf-999999999999999', '%00']) {
    for (const [method, url, body] of [['GET', `/tokens/${other}/`], ['PATCH', `/tokens/${other}/`, { disabled: true }], ['DELETE', `/tokens/${other}/`], ['POST', `/tokens/${other}/rotate/`, {}]] as const) {
      t.match(await asAnn(method, url, body), { status: 404, body: { detail: 'Not found.' } }, `${method} ${url}`)
    }
  }
  t.equal(await status(ask), 200)
  t.equal(await status(asBob), 200)
  t.equal((await asAnn('GET', `/tokens/drf-${ann.user.id}/`)).body.kind, 'drf')
})

t.test('managing tokens needs full power or the scope tokens; logging out needs nothing', async (t) => {
  const { make, ann, server } = await setUp(t)
  const { ask, id } = await make(ann, { scope: 'orders:read' })
  for (const [method, url] of [['GET', '/tokens/'], ['POST', '/tokens/'], ['DELETE', '/tokens/'], ['GET', `/tokens/${id}/`], ['PATCH', `/tokens/${id}/`], ['DELETE', `/tokens/${id}/`], ['POST', `/tokens/${id}/rotate/`]] as const) {
    const refused = await ask(method, url, method === 'GET' || method === 'DELETE' ? undefined : {})
    t.equal(refused.status, 403, `${method} ${url}`)
    t.equal(refused.headers['www-authenticate'], 'Token error="insufficient_scope", scope="tokens"')
    t.equal((await server.inject({ method, url })).statusCode, 401)
  }
  t.equal(await status(ask), 200)
  t.equal((await ask('DELETE', '/tokens/current/')).status, 204)
  t.equal(await status(ask), 401)
  const manager = await make(ann, { scope: 'tokens' })
  t.equal((await manager.ask('GET', '/tokens/')).status, 200)
})

t.test('a token never makes, changes or renews one that may do more, or lives longer', async (t) => {
  const { make, ann, asAnn } = await setUp(t)
  const full = await make(ann, { scope: '*' })
  const other = await make(ann, { scope: 'orders:read tokens' })
  const { ask, id, expires } = await make(ann, { scope: 'tokens orders:read', expiresIn: 600 })
  for (const [method, url, body] of [
    ['POST', '/tokens/', { scope: '*' }],
    ['POST', '/tokens/', { scope: 'orders:write' }],
    ['POST', '/tokens/', { scope: 'admin' }],
    ['PATCH', `/tokens/${id}/`, { scope: '*' }],
    ['PATCH', `/tokens/${full.id}/`, { disabled: true }],
    ['POST', `/tokens/${full.id}/rotate/`, {}],
    ['POST', `/tokens/drf-${ann.user.id}/rotate/`, {}]
  ] as const) t.match(await ask(method, url, body), { status: 403, body: { detail: 'You may not grant this scope.' } }, `${method} ${url}`)
  t.match(await ask('POST', `/tokens/${other.id}/rotate/`, {}), { status: 403 }, 'the new one would outlive the caller')
  t.match(await ask('POST', '/tokens/', { expires_in: 700 }), { status: 400, body: { expires_in: [/^Enter a whole number from 1 to (599|600)\.$/] } })
  t.match(await ask('POST', '/tokens/', { expires_in: null }), { status: 400, body: { expires_in: [/./] } })
  const child = await ask('POST', '/tokens/', {})
  t.equal(child.status, 201)
  t.ok(new Date(child.body.expires) <= (expires as Date), 'it ends with its maker at the latest')
  t.match(await asAnn('POST', '/tokens/', { scope: 'introspect' }), { status: 403 }, 'full power grants no reserved scope')
  t.match(await ask('POST', '/tokens/current/rotate/', {}), { status: 201, body: { scope: 'tokens orders:read' } }, 'it may renew itself')
})

t.test('a token with a reserved scope renews itself, and grants it to nobody', async (t) => {
  const { make, ann, ask } = await setUp(t)
  const service = await make(ann, { scope: 'introspect tokens', name: 'service' })
  const other = await make(ann, { scope: 'introspect' })
  t.match(await service.ask('POST', '/tokens/', { scope: 'introspect' }), { status: 403 })
  t.match(await service.ask('POST', '/tokens/', {}), { status: 403 })
  t.match(await service.ask('PATCH', `/tokens/${other.id}/`, { disabled: true }), { status: 200 })
  const renewed = await service.ask('POST', '/tokens/current/rotate/', {})
  t.match(renewed, { status: 201, body: { scope: 'introspect tokens' } })
  t.match(await ask(renewed.body.token)('PATCH', '/tokens/current/', { name: 'expired name' }), { status: 200 })
})

t.test('an expired token gives up its name, also to a rename', async (t) => {
  const { make, ann, asAnn, settings } = await setUp(t)
  const [first, second] = [await make(ann, { name: 'one' }), await make(ann, { name: 'two' })]
  t.match(await asAnn('PATCH', `/tokens/${second.id}/`, { name: 'one' }), { status: 400, body: { name: ['The user has a token of that name already.'] } })
  await sql(settings.DATABASE_URL, `update authtoken_accesstoken set expires = '2020-01-01 00:00:00' where id = '${first.id}'`)
  t.match(await asAnn('POST', `/tokens/${first.id}/rotate/`, {}), { status: 409, body: { detail: 'The token has expired. Make a new one.' } })
  t.match(await asAnn('PATCH', `/tokens/${second.id}/`, { name: 'one' }), { status: 200, body: { name: 'one' } })
  t.equal((await asAnn('GET', `/tokens/${first.id}/`)).status, 404)
})

t.test('rotation puts a new token in the place of the old one, which goes on for the grace period', async (t) => {
  const { make, ann, asAnn, ask } = await setUp(t)
  const first = await make(ann, { name: 'ci', scope: 'a b', expiresIn: 3600 })
  const rotated = await asAnn('POST', `/tokens/${first.id}/rotate/`, { grace: 60 })
  t.equal(rotated.status, 201)
  t.match(rotated.body, { kind: 'access', name: 'ci', scope: 'a b', expires: first.expires?.toISOString(), last_used: null })
  t.not(rotated.body.id, first.id)
  t.equal(await status(first.ask), 200)
  t.equal(await status(ask(rotated.body.token)), 200)
  const old = await asAnn('GET', `/tokens/${first.id}/`)
  t.equal(old.body.replaced_by, rotated.body.id)
  t.ok(new Date(old.body.expires).getTime() - Date.now() <= 60_000)
  for (const [method, url, body] of [['POST', `/tokens/${first.id}/rotate/`, {}], ['PATCH', `/tokens/${first.id}/`, { name: 'x' }]] as const) {
    t.match(await asAnn(method, url, body), { status: 409, body: { detail: 'The token was replaced. Change the one that came in its place.' } })
  }

  const again = await asAnn('POST', `/tokens/${rotated.body.id}/rotate/`, { grace: 60 })
  t.equal(await status(first.ask), 401, 'rotating again ends the first old one')
  t.equal(await status(ask(rotated.body.token)), 200)
  t.equal((await asAnn('DELETE', `/tokens/${again.body.id}/`)).status, 204)
  t.equal(await status(ask(rotated.body.token)), 401, 'the current one takes its predecessor along')

  const second = await make(ann, { name: 'now' })
  await asAnn('POST', `/tokens/${second.id}/rotate/`, {})
  t.equal(await status(second.ask), 401, 'without grace it ends at once')
})

t.test('the DRF token is managed by its public id', async (t) => {
  const { asAnn, ann, ask } = await setUp(t)
  const id = `drf-${ann.user.id}`
  t.match(await asAnn('PATCH', `/tokens/${id}/`, { name: 'x' }), { status: 400, body: { name: ['A DRF token has none. Use an access token.'] } })
  t.match(await asAnn('POST', `/tokens/${id}/rotate/`, { grace: 5 }), { status: 400, body: { grace: [/must be 0/] } })
  const rotated = await asAnn('POST', `/tokens/${id}/rotate/`, {})
  t.match(rotated, { status: 201, body: { id, kind: 'drf', token: /^[0-9a-f]{40}$/ } })
  t.equal(await status(asAnn), 401)
  t.equal((await ask(rotated.body.token)('DELETE', `/tokens/${id}/`)).status, 204)
  t.equal(await status(ask(rotated.body.token)), 401)
})

t.test('logging out everywhere ends all tokens, or all but the one that asks', async (t) => {
  const { make, ann, asAnn, asBob } = await setUp(t)
  const [first, second] = [await make(ann), await make(ann)]
  t.match(await first.ask('DELETE', '/tokens/?keep=everything'), { status: 400, body: { keep: ['The only value is "current".'] } })
  t.match(await first.ask('DELETE', '/tokens/?kep=current'), { status: 400, body: { kep: ['This field is not known.'] } })
  t.equal((await first.ask('DELETE', '/tokens/?keep=current')).status, 204)
  t.same([await status(first.ask), await status(second.ask), await status(asAnn)], [200, 401, 401])
  t.equal((await first.ask('DELETE', '/tokens')).status, 204)
  t.same([await status(first.ask), await status(asBob)], [401, 200])
})

t.test('a token in its grace period keeps the one that came in its place', async (t) => {
  const { make, ann, asAnn, ask } = await setUp(t)
  const old = await make(ann)
  const { body } = await asAnn('POST', `/tokens/${old.id}/rotate/`, { grace: 60 })
  t.equal((await old.ask('DELETE', '/tokens/?keep=current')).status, 204)
  t.same([await status(old.ask), await status(ask(body.token)), await status(asAnn)], [200, 200, 401])
})

t.test('a token that ends widens and enables none that lives longer, but disables it', async (t) => {
  const { make, ann } = await setUp(t)
  const endless = await make(ann, { scope: 'a tokens' })
  const { ask } = await make(ann, { scope: 'a b tokens', expiresIn: 60 })
  t.equal((await ask('PATCH', `/tokens/${endless.id}/`, { scope: 'a b tokens' })).status, 403)
  t.equal((await ask('PATCH', `/tokens/${endless.id}/`, { disabled: true, name: 'off' })).status, 200)
  t.equal((await ask('PATCH', `/tokens/${endless.id}/`, { disabled: false })).status, 403)
})

t.test('the list has pages, with the DRF token in front', async (t) => {
  const { make, ann, asAnn } = await setUp(t)
  const ids = [`drf-${ann.user.id}`]
  for (let i = 0; i < 4; i++) ids.push((await make(ann)).id)
  const found: string[] = []
  for (let url: string | null = '/tokens/?page_size=2'; url !== null;) {
    const { body } = await asAnn('GET', url)
    t.equal(body.count, 5)
    found.push(...body.results.map(({ id }: { id: string }) => id))
    url = body.next === null ? null : new URL(body.next).pathname + new URL(body.next).search
  }
  t.equal(found[0], ids[0])
  t.same(found.slice().sort(), ids.slice().sort())
})

t.test('administrators manage the tokens of users, staff those of no superuser', async (t) => {
  const { asRoot, asAnn, make, ann, root, authtoken, ask } = await setUp(t, { ADMINISTRATORS: 'staff' })
  const staff = await makeUser(authtoken, 'staff', { isStaff: true })
  const asStaff = ask(staff.token.key)
  const made = await asStaff('POST', '/users/ann/tokens/', { name: 'given', scope: 'introspect' })
  t.match(made, { status: 201, body: { name: 'given', scope: 'introspect', kind: 'access' } })
  t.match((await ask(made.body.token)('GET', '/users/me/')).body, { username: 'ann' })
  t.equal((await asStaff('GET', '/users/ann/tokens/')).body.count, 2)
  t.match(await asStaff('GET', `/users/ann/tokens/${made.body.id}/`), { status: 200, body: { name: 'given' } })
  t.match(await asStaff('PATCH', `/users/ann/tokens/${made.body.id}/`, { name: 'taken' }), { status: 200, body: { name: 'taken' } })
  t.match(await asStaff('POST', `/users/ann/tokens/${made.body.id}/rotate/`, {}), { status: 201 })
  t.equal((await asStaff('GET', '/users/ann/tokens/current/')).status, 404)
  t.equal((await asStaff('GET', '/users/nobody/tokens/')).status, 404)
  t.match(await asStaff('DELETE', '/users/ann/tokens/?keep=current'), { status: 400, body: { keep: ['This field is not known.'] } })
  for (const [method, url] of [['GET', '/users/root/tokens/'], ['POST', '/users/root/tokens/'], ['DELETE', '/users/root/tokens/'], ['DELETE', `/users/root/tokens/drf-${root.user.id}/`]] as const) {
    t.equal((await asStaff(method, url, method === 'POST' ? {} : undefined)).status, 403, `${method} ${url}`)
  }
  t.equal((await asAnn('GET', '/users/ann/tokens/')).status, 403)
  t.equal((await asRoot('DELETE', '/users/ann/tokens/')).status, 204)
  t.equal(await status(asAnn), 401)

  const narrow = await make(root, { scope: 'tokens' })
  t.equal((await narrow.ask('GET', '/users/ann/tokens/')).status, 403, 'an administrator\'s narrow token administers nothing')
  const admin = await make(root, { scope: 'admin' })
  t.equal((await admin.ask('GET', '/users/ann/tokens/')).status, 200)
  t.match(await admin.ask('POST', '/users/ann/tokens/', { scope: '*' }), { status: 403 })
  t.equal((await (await make(ann, { scope: 'admin' })).ask('GET', '/users/')).status, 403, 'the scope makes no administrator')
})

t.test('at the limit another token is refused, or the oldest makes room', async (t) => {
  const { asAnn, make, ann } = await setUp(t, { TOKEN_LIMIT: '2' })
  const first = await make(ann)
  await make(ann)
  t.match(await asAnn('POST', '/tokens/', {}), { status: 409, body: { detail: 'The user has as many tokens as one may have. Delete one first.' } })
  t.equal((await asAnn('POST', `/tokens/${first.id}/rotate/`, { grace: 60 })).status, 201, 'a rotation adds none')

  const replacing = await setUp(t, { TOKEN_LIMIT: '2', TOKEN_AT_LIMIT: 'replace' })
  const [oldest, newer] = [await replacing.make(replacing.ann), await replacing.make(replacing.ann)]
  t.equal((await replacing.asAnn('POST', '/tokens/', {})).status, 201)
  t.same([await status(oldest.ask), await status(newer.ask), await status(replacing.asAnn)], [401, 200, 200])
})

t.test('the exchange issues an access token where a name, scope or life is asked for', async (t) => {
  const { server, authtoken } = await setUp(t)
  const eve = await makeLogin(authtoken, 'eve')
  const credentials = { username: 'eve', password: 'eve-pass-1' }
  const login = async (body: object) => {
    const response = await server.inject({ method: 'POST', url: '/api-token-auth/', payload: { ...credentials, ...body } })
    return { status: response.statusCode, body: response.json() }
  }
  t.same(await login({}), { status: 200, body: { token: eve.token.key } })
  for (const [body, token] of [
    [{ name: 'laptop' }, { name: 'laptop', scope: '*', expires: /./ }],
    [{ scope: 'orders:read' }, { name: /^login-/, scope: 'orders:read' }],
    [{ scope: '' }, { scope: '' }],
    [{ expires_in: 60 }, { scope: '*' }]
  ] as const) {
    const got = await login(body)
    t.equal(got.status, 200)
    t.same(Object.keys(got.body), ['token'])
    t.match((await client(server, `Token ${got.body.token}`)('GET', '/users/me/')).body.token, { kind: 'login', ...token })
  }
  const form = await server.inject({ method: 'POST', url: '/api-token-auth/', headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'username=eve&password=eve-pass-1&expires_in=60' })
  t.match(form.json(), { token: /^fat_/ })
  t.match(await login({ scope: 'a  b' }), { status: 400, body: { scope: [/./] } })
  t.match(await login({ expires_in: 0 }), { status: 400, body: { expires_in: [/./] } })
  t.match(await login({ name: 'laptop' }), { status: 400, body: { name: ['The user has a token of that name already.'] } })
  t.match(await login({ scope: 'introspect' }), { status: 403, body: { detail: 'You may not grant this scope.' } })
})

t.test('under TOKENS=access each login gets a new token, and nothing is in clear', async (t) => {
  const { server, authtoken } = await buildService(t, { TOKENS: 'access', TOKEN_LIMIT: '2' })
  const user = await authtoken.users.create({ username: 'eve', password: 'eve-pass-1' }, { validate: false })
  t.equal(await authtoken.tokens.find(user), null, 'no token is made for a new user')
  const login = async () => (await server.inject({ method: 'POST', url: '/api-token-auth/', payload: { username: 'eve', password: 'eve-pass-1' } })).json().token
  const keys = [await login(), await login(), await login()]
  t.same(await Promise.all(keys.map((key) => status(client(server, `Token ${key}`)))), [401, 200, 200], 'the oldest login makes room')
  const [{ expires, created } = { expires: null, created: null }] = (await authtoken.tokens.list(user, { limit: 1 })).tokens
  t.equal(Number(expires) - Number(created), 30 * 86_400_000)
  t.equal(await authtoken.tokens.find(user), null)
})

t.test('changing a password ends the tokens of both kinds, unless they are to stay', async (t) => {
  const { asRoot, asAnn, make, ann } = await setUp(t)
  const { ask } = await make(ann)
  await asRoot('PATCH', '/users/ann/', { email: 'ann@example.org' })
  await asRoot('PATCH', '/users/ann/', { password: 'unlike-it-1', revoke_tokens: false })
  t.same([await status(ask), await status(asAnn)], [200, 200])
  await asRoot('PATCH', '/users/ann/', { is_active: false })
  t.same([await status(ask), await status(asAnn)], [401, 401])
  await asRoot('PATCH', '/users/ann/', { is_active: true })
  t.same([await status(ask), await status(asAnn)], [200, 200], 'deactivating keeps them')
  await asRoot('PATCH', '/users/ann/', { password: 'unlike-it-2' })
  t.same([await status(ask), await status(asAnn)], [401, 401])
})
