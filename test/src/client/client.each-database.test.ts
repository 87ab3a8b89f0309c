import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { ClientError, createClient, type ClientOptions } from '../../../src/client.js'
import { buildService } from '../../support/applications.js'
import { makeLogin, makeUser } from '../../support/users.js'
import { startServer } from '../../support/remote-service.js'

const PASSWORD = 'ann-pass-1'

/** The service on a port, and clients of it. */
async function start (t: Test, env: NodeJS.ProcessEnv = {}) {
  const { server, authtoken } = await buildService(t, env)
  await server.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/`
  const { token: { key } } = await makeUser(authtoken, 'admin', { isSuperuser: true })
  return { authtoken, url, admin: createClient({ url, token: key }), as: (token: string) => createClient({ url, token }) }
}

/** What a call throws. */
const failure = async (call: Promise<unknown>): Promise<ClientError> => await call.then(() => { throw new Error('it worked') }, (error) => {
  if (error instanceof ClientError) return error
  throw error
})

t.test('username and password for a token, of either kind', async (t) => {
  const { authtoken, url } = await start(t)
  const { token: { key } } = await makeLogin(authtoken, 'ann')
  // The caller's own token may be over: that is why it logs in.
  const client = createClient({ url, token: 'over' })
  t.same(await client.exchange('ann', PASSWORD), { token: key })
  const { token } = await client.exchange('ann', PASSWORD, { name: 'laptop', scope: 'orders:read', expires_in: 60 })
  t.match(await createClient({ url, token }).me(), { username: 'ann', is_superuser: false, token: { kind: 'login', name: 'laptop', scope: 'orders:read' } })
  t.match(await failure(client.exchange('ann', 'wrong-pass-1')), {
    code: 'AUTHTOKEN_REFUSED', status: 400, message: 'POST /api-token-auth/ was answered 400', detail: undefined, fields: { non_field_errors: ['Unable to log in with provided credentials.'] }
  })
})

t.test('the caller\'s own tokens', async (t) => {
  const { authtoken, as } = await start(t)
  const { tokens } = as((await makeUser(authtoken, 'ann')).token.key)
  const made = await tokens.create({ name: 'laptop', scope: 'tokens orders:read' })
  t.match(made, { kind: 'access', name: 'laptop', token: /^fat_/ })
  t.match(await tokens.create(), { scope: '*' })
  t.match(await tokens.list(), { count: 3, next: null, previous: null, results: [{ kind: 'drf' }, { id: made.id }, {}] })
  t.match(await tokens.list({ page: 2, page_size: 2 }), { count: 3, next: null, previous: /page_size=2/, results: { length: 1 } })
  t.match(await tokens.get(made.id), { name: 'laptop' })
  t.match(await tokens.get('current'), { kind: 'drf' })
  t.match(await tokens.update(made.id, { name: 'phone', disabled: true }), { name: 'phone', disabled: true })
  await tokens.update(made.id, { disabled: false })
  const next = await tokens.rotate(made.id, { grace: 60 })
  t.match(await tokens.get(made.id), { replaced_by: next.id })
  t.equal(await tokens.revoke(next.id), undefined)
  t.match(await failure(tokens.get(next.id)), { status: 404, detail: 'Not found.' })
  await tokens.revokeAll({ keep: 'current' })
  t.match(await tokens.list(), { count: 1 })
  const other = await tokens.create()
  await as(other.token).tokens.logOut()
  t.match(await failure(as(other.token).me()), { status: 401, detail: 'Invalid token.' })
  t.match(await tokens.rotate('current'), { kind: 'drf' })
  t.match(await failure(tokens.revokeAll()), { status: 401 })
})

t.test('users and their tokens, for administrators', async (t) => {
  const { admin, as } = await start(t)
  const ann = await admin.users.create({ username: 'ann@example.org', password: 'correct horse battery', email: 'ann@example.org' })
  t.match(ann, { username: 'ann@example.org', is_active: true })
  t.match(await admin.users.list({ search: 'ann', page_size: 10 }), { count: 1, results: [ann] })
  t.match(await admin.users.list(), { count: 2 })
  t.same(await admin.users.get('ann@example.org'), ann)
  t.match(await admin.users.update('ann@example.org', { first_name: 'Ann', username: 'ann+1' }), { first_name: 'Ann', username: 'ann+1' })

  const tokens = admin.users.tokens('ann+1')
  const made = await tokens.create({ scope: 'orders:read' })
  t.match(await as(made.token).me(), { username: 'ann+1' })
  t.match(await tokens.list(), { count: 2 })
  t.match(await tokens.get(made.id), { scope: 'orders:read' })
  t.match(await tokens.update(made.id, { name: 'ci' }), { name: 'ci' })
  const { id } = await tokens.rotate(made.id)
  await tokens.revoke(id)
  await tokens.revokeAll()
  t.match(await tokens.list(), { count: 0 })

  t.match(await failure(as(made.token).users.list()), { status: 401 })
  t.match(await failure(admin.users.create({ username: 'ann 2', password: 'x' })), { status: 400, fields: { username: [/./], password: [/./] } })
  await admin.users.delete('ann+1')
  t.match(await failure(admin.users.get('ann+1')), { status: 404, message: 'GET /users/ann%2B1/ was answered 404' })
})

t.test('lists of any length, page by page', async (t) => {
  const { authtoken, admin } = await start(t)
  for (let i = 0; i < 5; i++) await makeUser(authtoken, `user${i}`)
  const names = []
  for await (const { username } of admin.users.all({ search: 'user' })) names.push(username)
  t.same(names, ['user0', 'user1', 'user2', 'user3', 'user4'])
  const ids = []
  for await (const { id } of admin.users.tokens('user3').all()) ids.push(id)
  t.equal(ids.length, 1)

  let asked = 0
  const url = await startServer(t, (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://x')
    asked++
    t.equal(searchParams.get('page_size'), '1000')
    response.end(JSON.stringify({ results: [searchParams.get('page')], next: asked < 3 ? 'http://elsewhere/' : null }))
  })
  const pages: unknown[] = []
  for await (const page of createClient({ url }).tokens.all()) pages.push(page)
  t.same(pages, ['1', '2', '3'])
})

t.test('what tokens are worth, and their end', async (t) => {
  const { authtoken, admin } = await start(t)
  const { user, token } = await makeUser(authtoken, 'ann')
  const made = await authtoken.tokens.create(user, { name: 'ci', scope: 'orders:read' })
  t.match(await admin.introspect(made.key), { active: true, scope: 'orders:read', username: 'ann', client_id: 'ci', jti: made.id })
  t.same(await admin.introspect('unknown & more'), { active: false })
  t.match(await admin.introspectAll([token.key, 'unknown']), [{ active: true, scope: '*' }, { active: false }])
  t.match(await admin.introspectAll([made.key], { identity: true }), [{ identity: { user: { username: 'ann' }, token: { id: made.id } } }])
  t.same(await admin.introspectAll([]), [])
  t.equal(await admin.revoke(made.key), undefined)
  t.same(await admin.introspect(made.key), { active: false })
  t.match(await failure(admin.introspect('')), { status: 400, detail: /token must be/ })
})

t.test('many tokens, and long ones, are asked about in as many calls as it takes', async (t) => {
  const { authtoken, url } = await start(t)
  const { token } = await makeUser(authtoken, 'boss', { isSuperuser: true })
  let calls = 0
  const client = createClient({ url, token: token.key, fetch: (...request) => { calls++; return fetch(...request) } })
  const many = [...Array.from({ length: 2_000 }, (_, i) => `unknown-${i}`), token.key]
  const results = await client.introspectAll(many)
  t.equal(results.length, 2_001)
  t.match(results.at(-1), { active: true, username: 'boss' })
  t.equal(calls, 3)
  t.equal((await client.introspectAll(Array(300).fill('€'.repeat(4_000)))).length, 300)
  t.equal(calls, 7)
})

t.test('a name never becomes another path', async (t) => {
  const { admin } = await start(t)
  for (const name of ['', '.', '..']) {
    t.throws(() => admin.users.tokens(name), TypeError)
    t.throws(() => admin.users.delete(name), TypeError)
    t.throws(() => admin.tokens.revoke(name), TypeError)
  }
  t.match(await failure(admin.users.get('../tokens/')), { status: 404, message: 'GET /users/..%2Ftokens%2F/ was answered 404' })
})

t.test('a failure tells what it is, and nothing that was sent', async (t) => {
  const { url, authtoken } = await start(t)
  const { token } = await makeUser(authtoken, 'ann')
  const narrow = await authtoken.tokens.create((await makeUser(authtoken, 'bob')).user, { scope: 'orders:read' })
  t.match(await failure(createClient({ url }).me()), { status: 401, detail: 'Authentication credentials were not provided.' })
  t.match(await failure(createClient({ url, token: narrow.key }).tokens.list()), { status: 403 })
  t.match(await failure(createClient({ url, token: token.key, keyword: 'Bearer' }).me()), { status: 401 })

  const answers: Record<string, RequestListener> = {
    busy: (_request, response) => { response.writeHead(503, { 'retry-after': '7' }).end('{"detail":"later"}') },
    proxy: (_request, response) => { response.writeHead(502, { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }).end('<html>') },
    list: (_request, response) => { response.writeHead(400).end('["no"]') },
    other: (_request, response) => { response.writeHead(400).end('{"code":5}') },
    page: (_request, response) => { response.end('<html>') },
    redirect: (_request, response) => { response.writeHead(307, { location: url }).end() },
    broken: (request) => { request.socket.destroy() },
    slow: () => {}
  }
  const expected: Record<string, object> = {
    busy: { code: 'AUTHTOKEN_REFUSED', status: 503, retryAfter: 7, detail: 'later' },
    proxy: { code: 'AUTHTOKEN_REFUSED', status: 502, retryAfter: undefined, detail: undefined, fields: undefined },
    list: { status: 400, detail: undefined },
    other: { status: 400, detail: undefined, fields: undefined },
    page: { code: 'AUTHTOKEN_BAD_ANSWER', status: 200, message: 'GET /users/me/ was answered 200, without JSON' },
    redirect: { code: 'AUTHTOKEN_REFUSED', status: 307 },
    broken: { code: 'AUTHTOKEN_UNREACHABLE', status: undefined, message: 'GET /users/me/ was not answered: UND_ERR_SOCKET' },
    slow: { code: 'AUTHTOKEN_TIMEOUT', message: 'GET /users/me/ was not answered within 300 ms' }
  }
  for (const [name, listener] of Object.entries(answers)) {
    const client = createClient({ url: await startServer(t, listener), token: token.key, timeoutMs: name === 'slow' ? 300 : 60_000 })
    const error = await failure(client.me())
    t.match(error, expected[name] as object, name)
    t.notMatch(JSON.stringify(error) + error.stack, token.key)
  }
  for (const thrown of [new Error(`Token ${token.key}`), null]) {
    const error = await failure(createClient({ url, token: token.key, fetch: async () => { throw thrown } }).me())
    t.match(error, { code: 'AUTHTOKEN_UNREACHABLE', message: 'GET /users/me/ was not answered' })
    t.notMatch(error.stack, token.key)
  }
})

t.test('options that are wrong are all named, without their values', async (t) => {
  const options = { url: 'auth.example.org', token: 'with space', keyword: 'To ken', timeoutMs: 0, fetch: null }
  t.throws(() => createClient(options as unknown as ClientOptions), new TypeError('createClient: url must be the address of a service, as https://auth.example.org, without user, query or fragment; ' +
    'token must be a token of the service; keyword must be a word without spaces; timeoutMs must be a whole number of milliseconds from 1; fetch must be a function'))
})
