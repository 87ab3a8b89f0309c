import { METHODS } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { loadSettings } from '../../../src/service/settings.js'
import { buildService } from '../../support/applications.js'
import { makeUser } from '../../support/users.js'
import { exchange } from '../../support/raw-http.js'

async function setUp (t: Test, env: NodeJS.ProcessEnv = {}) {
  const service = await buildService(t, env)
  const { authtoken, server } = service
  const bob = await makeUser(authtoken, 'bob', { email: 'bob@example.org' })
  const staff = await makeUser(authtoken, 'staff', { isStaff: true })
  const key = async (scope: string, { user } = bob) => (await authtoken.tokens.create(user, { scope })).key
  const ask = async (url: string, token?: string, method = 'GET') => await server.inject({
    method: method as 'GET', url, headers: token === undefined ? {} : { authorization: `Token ${token}` }
  })
  return { ...service, bob, staff, key, ask }
}

t.test('a caller passes, with who it is in headers, all of them, and no body', async (t) => {
  const { ask, bob } = await setUp(t)
  const { statusCode, body, headers } = await ask('/forward-auth', bob.token.key)
  t.equal(statusCode, 200)
  t.equal(body, '')
  t.equal(headers['content-length'], '0')
  t.equal(headers['cache-control'], 'no-store')
  t.same(Object.entries(headers).filter(([name]) => name.startsWith('x-')), [
    ['x-auth-user', 'bob'], ['x-auth-user-id', String(bob.user.id)], ['x-auth-email', 'bob@example.org'], ['x-auth-scope', '*'], ['x-auth-token-id', `drf-${bob.user.id}`], ['x-auth-staff', 'false']
  ])
})

t.test('what is no visible ASCII is percent-encoded, and so is the percent sign', async (t) => {
  const { ask, authtoken } = await setUp(t)
  const { user } = await makeUser(authtoken, 'jürgen', { email: '50%"ö\r\n b@example.org' })
  const { key, id } = await authtoken.tokens.create(user, { scope: 'a:50% b' })
  const { headers } = await ask('/forward-auth', key)
  t.match(headers, { 'x-auth-user': 'j%C3%BCrgen', 'x-auth-email': '50%25"%C3%B6%0D%0A%20b@example.org', 'x-auth-scope': 'a:50%25 b', 'x-auth-token-id': id })
  t.equal(decodeURIComponent(headers['x-auth-email'] as string), user.email)
})

t.test('what is not known of a user is an empty header, not none', async (t) => {
  const { ask, authtoken } = await setUp(t)
  const { token } = await makeUser(authtoken, 'plain')
  const { headers } = await ask('/forward-auth', token.key)
  t.equal(headers['x-auth-email'], '')
})

t.test('the names of the headers are a setting', async (t) => {
  const { ask, staff } = await setUp(t, { FORWARD_AUTH_HEADERS: 'Remote-User,Remote-Id,Remote-Email,Remote-Groups,X-Token,X-Staff' })
  const { headers } = await ask('/forward-auth', staff.token.key)
  t.match(headers, { 'remote-user': 'staff', 'remote-id': String(staff.user.id), 'remote-email': '', 'remote-groups': '*', 'x-token': `drf-${staff.user.id}`, 'x-staff': 'true' })
  t.notOk('x-auth-user' in headers)
})

t.test('names that are not six different ones, or could be taken for others, stop the start', async (t) => {
  for (const names of ['X-A', 'X-A,X-B,X-C,X-D,X-E,x-a', 'X-A,X-B,X-C,X-D,X-E,X_F', 'X-A,X-B,X-C,X-D,X-E,Content-Length', 'X-A,X-B,X-C,X-D,X-E,X-F,X-G']) {
    t.throws(() => loadSettings({ FORWARD_AUTH_HEADERS: names, PORT: 'x' }), { code: 'AUTHTOKEN_INVALID_SETTINGS', message: /FORWARD_AUTH_HEADERS must be 6 different names/ }, names)
  }
  t.throws(() => loadSettings({ FORWARD_AUTH_HEADERS: 'X-A,X-B,X-C,X-D,X-E,x-a', PORT: 'x' }), /PORT must be/)
})

t.test('who is nobody gets the challenge', async (t) => {
  const { ask, authtoken } = await setUp(t, { KEYWORDS: 'Bearer,Token' })
  const gone = await makeUser(authtoken, 'gone', { isActive: false })
  for (const token of [undefined, 'nonsense', gone.token.key]) {
    const { statusCode, headers } = await ask('/forward-auth', token)
    t.equal(statusCode, 401)
    t.equal(headers['www-authenticate'], 'Bearer')
    t.notOk('x-auth-user' in headers)
  }
})

t.test('a scope is asked for in the query of the bare path, or in the path', async (t) => {
  const { ask, key } = await setUp(t)
  const [read, write, both] = [await key('orders:read'), await key('orders:write'), await key('orders:read orders:write')]
  for (const [url, needsBoth] of [
    ['/forward-auth?scope=orders:read', false],
    ['/forward-auth?scope=orders%3Aread', false],
    ['/forward-auth?scope=orders:read+orders:write', true],
    ['/forward-auth/-/scope/orders:read', false],
    ['/forward-auth/-/scope/orders:read/', false],
    ['/forward-auth/-/scope/orders:read/orders/1?scope=x&staff=1', false],
    ['/forward-auth/-/scope/orders:read/-/staff/1/scope/x', false],
    ['/forward-auth/-/scope/orders:read%20orders:write/-/', true]
  ] as const) {
    t.equal((await ask(url, both)).statusCode, 200, url)
    t.equal((await ask(url, read)).statusCode, needsBoth ? 403 : 200, url)
    const { statusCode, headers } = await ask(url, write)
    t.equal(statusCode, 403, url)
    t.match(headers['www-authenticate'], /^Token error="insufficient_scope", scope="orders:read/)
    t.equal((await ask(url)).statusCode, 401, url)
  }
})

t.test('staff is asked for alike, and a narrow token of theirs does not count', async (t) => {
  const { ask, key, bob, staff } = await setUp(t)
  const narrow = await key('orders:read', staff)
  for (const url of ['/forward-auth?staff=1', '/forward-auth/-/staff/1/-/anything', '/forward-auth/-/scope/orders:read/staff/1/-/x', '/forward-auth?staff=1&scope=orders:read']) {
    t.equal((await ask(url, staff.token.key)).statusCode, 200, url)
    for (const token of [bob.token.key, narrow]) t.equal((await ask(url, token)).statusCode, 403, url)
  }
})

t.test('what can not be read is refused, with a line in the log', async (t) => {
  const { ask, bob, log } = await setUp(t)
  for (const url of [
    '/forward-auth?', '/forward-auth?scope=', '/forward-auth?scope=a&scope=a', '/forward-auth?scope=a&x=secret', '/forward-auth?staff=0', '/forward-auth?staff=1&staff=1',
    '/forward-auth?secret', '/forward-auth?scope=a%22', '/forward-auth/-', '/forward-auth/-/', '/forward-auth/-/secret', '/forward-auth/-/scope', '/forward-auth/-/scope/', '/forward-auth/-/scope/%zz',
    '/forward%2Dauth?staff=1', '/forward%2dauth', '/forward-auth/-/staff/yes', '/forward-auth/-/scope/a/scope/b'
  ]) {
    const before = log.filter((line) => line.includes('does not know')).length
    const empty = url === '/forward-auth?'
    t.equal((await ask(url, bob.token.key)).statusCode, empty ? 200 : 403, url)
    t.equal(log.filter((line) => line.includes('does not know')).length, before + (empty ? 0 : 1), url)
  }
  t.notMatch(log.join(''), 'secret')
})

t.test('behind any other path stands the client\'s own, which asks for nothing', async (t) => {
  const { ask, bob } = await setUp(t)
  for (const path of ['/', '/orders/1', '/?scope=admin&staff=1', '//', '/%zz', '/%00', '/a/../b', '/-x/scope/admin', '/scope/admin', `/${'x'.repeat(6000)}`, '/;a=b', '/*', '/:x', '/a?b?c#d']) {
    t.equal((await ask(`/forward-auth${path}`, bob.token.key)).statusCode, 200, path.slice(0, 20))
    t.equal((await ask(`/forward-auth${path}`)).statusCode, 401, path.slice(0, 20))
  }
  for (const path of ['x', '%2F', ';']) t.equal((await ask(`/forward-auth${path}`, bob.token.key)).statusCode, 404)
})

t.test('any method passes, with any body, which nobody reads', async (t) => {
  const { server, bob } = await setUp(t)
  await server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.server.address() as AddressInfo
  const send = (method: string, head: string, body = '') =>
    exchange(port, Buffer.from(`${method} /forward-auth/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${head}\r\n${body}`))
  for (const method of METHODS.filter((method) => method !== 'CONNECT')) {
    const { status, text } = await send(method, `Authorization: Token ${bob.token.key}\r\n`)
    t.equal(status, 200, method)
    t.equal(text, '')
    t.equal((await send(method, '')).status, 401, method)
  }
  for (const [head, body] of [
    ['Content-Type: application/json\r\nContent-Length: 0\r\n', ''],
    ['Content-Type: application/json\r\nContent-Length: 1\r\n', '{'],
    ['Content-Type: nonsense\r\nContent-Length: 3\r\n', 'abc'],
    ['Content-Type: application/json\r\nContent-Length: 10000000\r\n', '{'],
    ['Content-Type: multipart/form-data\r\nTransfer-Encoding: chunked\r\n', '5\r\nhello\r\n']
  ] as const) {
    t.equal((await send('POST', `Authorization: Token ${bob.token.key}\r\n${head}`, body)).status, 200, head)
  }
})

t.test('where the database is away it is 503, neither yes nor no', async (t) => {
  const { ask, bob, authtoken } = await setUp(t, { CACHE_SIZE: '0' })
  await ask('/forward-auth', bob.token.key)
  await authtoken.database.close()
  const { statusCode, headers } = await ask('/forward-auth', bob.token.key)
  t.equal(statusCode, 503)
  t.equal(headers['retry-after'], '1')
})
