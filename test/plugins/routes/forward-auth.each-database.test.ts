import { METHODS } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { loadSettings } from '../../../src/service/settings.js'
import { buildService } from '../../support/applications.js'
import { databaseUrl } from '../../support/databases.js'
import { exchange } from '../../support/raw-http.js'
import { sql } from '../../support/sql.js'
import { makeUser } from '../../support/users.js'

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

t.test('an id beyond Latin-1 is encoded in every header that it is part of', async (t) => {
  const url = await databaseUrl(t)
  await sql(url, 'create table members (number varchar(20) primary key, password varchar(128) not null, login varchar(40) not null unique)')
  await sql(url, "insert into members values ('Ω 5%', '!', 'ann')")
  const { server, authtoken } = await buildService(t, { DATABASE_URL: url, USER_TABLE: 'members', USERNAME_COLUMN: 'login' })
  const ann = await authtoken.users.findByUsername('ann')
  const { key } = await authtoken.tokens.getOrCreate(ann ?? t.fail('no user') as never)
  const { statusCode, headers } = await server.inject({ url: '/forward-auth', headers: { authorization: `Token ${key}` } })
  t.equal(statusCode, 200)
  t.match(headers, { 'x-auth-user': 'ann', 'x-auth-user-id': '%CE%A9%205%25', 'x-auth-token-id': 'drf-%CE%A9%205%25' })
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
    ['/forward-auth?scope=orders:read%20orders:write', true],
    ['/forward-auth/-/scope/orders:read/-/', false],
    ['/forward-auth/-/scope/orders%3Aread/-/orders/1', false],
    ['/forward-auth/-/scope/orders:read/-/orders/1?scope=x&staff=1', false],
    ['/forward-auth/-/scope/orders:read/-/staff/1/scope/x/-/', false],
    ['/forward-auth/-/scope/orders:read/-/-/staff/1/-/', false],
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

t.test('what is only nearly an address is refused, whoever asks, with a line in the log that shows the right ones', async (t) => {
  const { ask, bob, staff, log } = await setUp(t)
  const lines = () => log.filter((line) => line.includes('does not know')).length
  for (const url of [
    '?scope=', '?scope', '?scope=a&scope=a', '?scope=*&x=secret', '?staff=0', '?staff=1&staff=1', '?staff', '?secret', '?scope=*%22', '?Staff=1', '?STAFF=1', '? staff=1',
    '?scope=*?staff=1', '?scope=*;staff=1', '?scope=*=staff', '?&staff=1', '?staff=1&', '??staff=1', '?scope=%zz', '?scope=%ff',
    '/', '/?', '/?staff=1', '/?scope=*', '//', '/staff/1', '/staff/1/-/', '/scope/*/-/', '/any/orders', '/orders/1', '/%2d/staff/1/-/', '/%2D/-/', '/--/-/', '/-x/scope/admin', '/%zz', '/%00', '/secret',
    '/-', '/-/', '/-/-', '/-/-?a=1', '/-?/-/', '/-//-/', '//-/-/', '/-/secret/1/-/', '/-/scope', '/-/scope/', '/-/scope/%zz/-/', '/-/scope/*', '/-/scope/*/', '/-/scope/*/-', '/-/scope/*?/-/', '/-/scope/-/x',
    '/-/scope/-/-/x', '/-/scope/*/%2d/', '/-/scope/*/Staff/1/-/', '/-/Scope/*/-/', '/-/%73taff/1/-/', '/-/staff/yes/-/', '/-/staff/1', '/-/staff/1/orders', '/-/staff/-/x', '/-/scope/*/scope/*/-/',
    '/-/scope/*/staff/-/x', '/-/scope/*;staff=1/-/', '/-/scope/*&staff=1/-/', '/-/orders/1/-/', '/-/scope//-/', '/-//scope/*/-/', '/-/scope/*//-/', `/${'x'.repeat(6000)}`
  ]) {
    for (const { token } of [bob, staff]) {
      const before = lines()
      t.equal((await ask(`/forward-auth${url}`, token.key)).statusCode, 403, url.slice(0, 40))
      t.equal(lines(), before + 1, url.slice(0, 40))
    }
    t.equal((await ask(`/forward-auth${url}`)).statusCode, 401, url.slice(0, 40))
  }
  for (const url of ['/forward%2Dauth?staff=1', '/forward%2dauth']) t.equal((await ask(url, staff.token.key)).statusCode, 403, url)
  for (const path of ['x', '%2F', '%2F-/-/', ';']) t.equal((await ask(`/forward-auth${path}`, staff.token.key)).statusCode, 404, path)
  t.match(log.join(''), '/forward-auth/-/scope/<scopes>/staff/1/-/<path>')
  t.notMatch(log.join(''), 'secret')
})

t.test('behind the second mark stands the client\'s own path and query, which ask for nothing', async (t) => {
  const { ask, bob, staff } = await setUp(t)
  for (const path of ['', '?scope=admin&staff=1', 'orders/1', '/', '%zz', '%00', 'a/../b', '-/', '-/-/', '-/staff/1/-/', 'staff/1/-/', 'scope/admin', 'x'.repeat(6000), ';a=b', '*', ':x', 'a?b?c#d']) {
    t.equal((await ask(`/forward-auth/-/-/${path}`, bob.token.key)).statusCode, 200, path.slice(0, 20))
    t.equal((await ask(`/forward-auth/-/-/${path}`)).statusCode, 401, path.slice(0, 20))
    t.equal((await ask(`/forward-auth/-/staff/1/-/${path}`, bob.token.key)).statusCode, 403, path.slice(0, 20))
    t.equal((await ask(`/forward-auth/-/staff/1/-/${path}`, staff.token.key)).statusCode, 200, path.slice(0, 20))
  }
})

t.test('without a query, or with an empty one, any caller passes', async (t) => {
  const { ask, bob } = await setUp(t)
  for (const url of ['/forward-auth', '/forward-auth?']) t.equal((await ask(url, bob.token.key)).statusCode, 200, url)
})

t.test('no answer is to be stored', async (t) => {
  const { ask, bob, authtoken } = await setUp(t, { CACHE_SIZE: '0' })
  const cases: Array<[string, string | undefined, number]> = [
    ['/forward-auth', bob.token.key, 200], ['/forward-auth', undefined, 401], ['/forward-auth', 'nonsense', 401], ['/forward-auth?staff=1', bob.token.key, 403], ['/forward-auth/', bob.token.key, 403]
  ]
  const check = async (url: string, token: string | undefined, status: number) => {
    const { statusCode, headers } = await ask(url, token)
    t.same([statusCode, headers['cache-control']], [status, 'no-store'], `${url} ${status}`)
  }
  for (const one of cases) await check(...one)
  await authtoken.database.close()
  await check('/forward-auth', bob.token.key, 503)
})

t.test('any method passes, with any body, which nobody reads', async (t) => {
  const { server, bob } = await setUp(t)
  await server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.server.address() as AddressInfo
  const send = (method: string, head: string, body = '') =>
    exchange(port, Buffer.from(`${method} /forward-auth/-/-/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${head}\r\n${body}`))
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
