import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { buildService } from '../../support/applications.js'
import { makeUser } from '../../support/users.js'
import { exchange } from '../../support/raw-http.js'

const NEXT = 'GET /healthz HTTP/1.1\r\nhost: next\r\nconnection: close\r\n\r\n'

/** The service with a caller of full power, one of staff, and a token of one scope. */
async function startService (t: Test) {
  const { server, authtoken, log } = await buildService(t)
  const { user, authorization } = await makeUser(authtoken, 'jürgen', { email: '50%ü@example.org' })
  const { authorization: staff } = await makeUser(authtoken, 'boss', { isStaff: true })
  const { id, key } = await authtoken.tokens.create(user, { name: 'orders', scope: 'orders:read' })
  await server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.server.address() as AddressInfo

  return {
    log,
    authorization,
    staff,
    orders: `Token ${key}`,
    ordersId: id,
    /**
     * Sends what a proxy sends, on a connection that it keeps: another request follows, so that a body which is taken for
     * a request, or a request for a body, shows.
     */
    async replay (head: string[], body = '') {
      const { status, headers, text } = await exchange(port, Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}${NEXT}`, 'latin1'))
      return { status, headers, text, inStep: /HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\{"status":"ok"\}$/.test(text), bodyless: /^HTTP\/1\.1 200 OK\r\n/.test(text) }
    }
  }
}

const envoy = (method: string, path: string, authorization: string | null, ...more: string[]) => [
  `${method} ${path} HTTP/1.1`,
  'host: api.example.org',
  ...authorization === null ? [] : [`authorization: ${authorization}`],
  'content-length: 0',
  ...more,
  'x-envoy-internal: true',
  'x-forwarded-for: 192.0.2.7',
  'x-envoy-expected-rq-timeout-ms: 1000'
]

t.test('Envoy asks by the client\'s method, with the client\'s path behind its prefix', async (t) => {
  const { replay, authorization, orders, ordersId } = await startService(t)
  const scope = '/forward-auth/-/scope/orders:read/-'
  for (const [sentence, head] of [
    ['GET', envoy('GET', `${scope}/orders/1?staff=1&scope=*`, orders)],
    ['POST with the type of a body that is not sent', envoy('POST', `${scope}/orders`, orders, 'content-type: application/json')],
    ['PUT with a type that nobody knows', envoy('PUT', `${scope}/orders/1`, orders, 'content-type: application/x-unknown; a="')],
    ['gRPC', envoy('POST', `${scope}/orders.v1.Orders/Get`, orders, 'content-type: application/grpc', 'te: trailers', 'grpc-timeout: 1S')],
    ...['HEAD', 'OPTIONS', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'MKCALENDAR', 'REPORT', 'M-SEARCH', 'PURGE', 'SOURCE'].map((method) => [method, envoy(method, `${scope}/orders`, orders)] as const),
    ...['//', '/..', '/../../users/me/', '/%zz', '/%00', '/;x', '/-/', '/-/scope/*', '/staff/1', '/scope/', '/?', '/a?b?c', '/*', `/${'x'.repeat(6_000)}`].map((path) => [path.slice(0, 20), envoy('GET', scope + path, orders)] as const)
  ] as Array<[string, string[]]>) {
    const { status, headers, inStep, bodyless } = await replay(head)
    t.same({ status, inStep, bodyless, scope: headers['x-auth-scope'], id: headers['x-auth-token-id'] }, { status: 200, inStep: true, bodyless: true, scope: 'orders:read', id: ordersId }, sentence)
  }

  const none = await replay(envoy('POST', `${scope}/orders`, null, 'content-type: application/json'))
  t.match(none, { status: 401, headers: { 'www-authenticate': 'Token' }, inStep: true })
  t.match(await replay(envoy('HEAD', `${scope}/orders`, null)), { status: 401, headers: { 'www-authenticate': 'Token' }, inStep: true })
  const narrow = await replay(envoy('PUT', '/forward-auth/-/scope/orders:write/staff/1/-/orders/1', orders))
  t.match(narrow, { status: 403, headers: { 'www-authenticate': 'Token error="insufficient_scope", scope="orders:write"' }, inStep: true })
  t.match(await replay(envoy('GET', '/forward-auth/-/staff/1/-/', authorization)), { status: 403, inStep: true })
})

t.test('behind a prefix without requirements no path of a client asks for anything', async (t) => {
  const { replay, orders } = await startService(t)
  for (const path of ['/', '/-/', '/-/profile', '/-/staff/1', '/-/scope/*', '/x?staff=1', '//', '/../-/staff/1', '/forward-auth?staff=1']) {
    t.match(await replay(envoy('GET', `/forward-auth/-/-${path}`, orders)), { status: 200, inStep: true }, path)
  }
})

t.test('a body that a proxy sends along is not read, and the connection stays in step', async (t) => {
  const { replay, orders } = await startService(t)
  const head = (...more: string[]) => envoy('POST', '/forward-auth/-/-/orders', orders, ...more).filter((line) => line !== 'content-length: 0')
  for (const [sentence, lines, body] of [
    ['JSON', head('content-type: application/json', 'content-length: 9'), '{"a": 17}'],
    ['JSON that breaks off', head('content-type: application/json', 'content-length: 5'), '{"a":'],
    ['chunked', head('content-type: application/json', 'transfer-encoding: chunked'), '5\r\n{"a":\r\n0\r\n\r\n'],
    ['more than BODY_LIMIT', head('content-type: application/json', 'content-length: 400000'), 'x'.repeat(400_000)],
    ['what looks like a request', head('content-length: 28'), 'GET /users/me/ HTTP/1.1\r\n\r\n ']
  ] as Array<[string, string[], string]>) {
    const { status, inStep, bodyless } = await replay(lines, body)
    t.same({ status, inStep, bodyless }, { status: 200, inStep: true, bodyless: true }, sentence)
  }
})

// As Go writes it: sorted, and with a type of its own for the encoding.
const traefik = (method: string, address: string, headers: string[]) => [
  `${method} ${address} HTTP/1.1`,
  'Host: 127.0.0.1:8000',
  'User-Agent: curl/8.5.0',
  ...[...headers, 'Accept: */*', 'X-Forwarded-For: 192.0.2.7', 'X-Forwarded-Host: api.example.org', 'X-Forwarded-Port: 443', 'X-Forwarded-Proto: https', 'X-Forwarded-Server: edge', 'X-Real-Ip: 192.0.2.7'].sort(),
  'Accept-Encoding: gzip'
]

t.test('Traefik asks by GET at one address, or by the client\'s method', async (t) => {
  const { replay, staff, orders } = await startService(t)
  const forwarded = (method: string, uri: string) => [`X-Forwarded-Method: ${method}`, `X-Forwarded-Uri: ${uri}`]
  const address = '/forward-auth?scope=orders:read&staff=1'
  t.match(await replay(traefik('GET', address, [`Authorization: ${staff}`, ...forwarded('POST', '/orders?scope=*')])), { status: 200, inStep: true, bodyless: true, headers: { 'x-auth-user': 'boss', 'x-auth-email': '', 'x-auth-staff': 'true' } })
  for (const method of ['POST', 'PUT', 'PATCH']) {
    t.match(await replay(traefik(method, address, [`Authorization: ${staff}`, 'Content-Length: 0', 'Content-Type: application/json', ...forwarded(method, '/orders')])), { status: 200, inStep: true, bodyless: true }, method)
  }
  t.match(await replay(traefik('GET', address, [`Authorization: ${orders}`, ...forwarded('GET', '/orders')])), { status: 403, inStep: true, text: /^\{"detail":"You do not have permission/ })
  t.match(await replay(traefik('GET', address, forwarded('GET', '/orders'))), { status: 401, inStep: true, headers: { 'www-authenticate': 'Token' }, text: /^\{"detail":"Authentication credentials were not provided\."\}/ })
  t.match(await replay(traefik('GET', address, [`Authorization: ${staff}`, `Authorization: ${orders}`, ...forwarded('GET', '/')])), { status: 401, inStep: true })
})

t.test('nginx asks with nothing but the token, Caddy with all that the client sent', async (t) => {
  const { replay, orders } = await startService(t)
  const identity = { 'x-auth-user': 'j%C3%BCrgen', 'x-auth-email': '50%25%C3%BC@example.org', 'x-auth-scope': 'orders:read', 'x-auth-staff': 'false', 'cache-control': 'no-store' }
  t.match(await replay(['GET /forward-auth?scope=orders:read HTTP/1.1', `Authorization: ${orders}`, 'Host: authtoken']), { status: 200, inStep: true, bodyless: true, headers: identity })
  t.match(await replay(['GET /forward-auth HTTP/1.1', 'Host: authtoken']), { status: 401, inStep: true, headers: { 'www-authenticate': 'Token' } })
  const caddy = ['GET /forward-auth?scope=orders:read HTTP/1.1', 'Host: api.example.org', `Authorization: ${orders}`, 'Content-Type: application/json', 'X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Host: api.example.org', 'X-Forwarded-Method: POST', 'X-Forwarded-Proto: http', 'X-Forwarded-Uri: /x', 'Accept-Encoding: gzip']
  t.match(await replay(caddy), { status: 200, inStep: true, bodyless: true, headers: identity })
  const { status, text } = await replay([...caddy, 'Expect: 100-continue'])
  t.same([status, /^HTTP\/1\.1 200 OK\r\n/.test(text)], [100, true])
})

t.test('an address that is not ours to read lets nobody through', async (t) => {
  const { replay, staff, log } = await startService(t)
  for (const address of ['/forward-auth?staff=1&staff=1', '/forward-auth?staff=0', '/forward-auth?scope=', '/forward-auth?Scope=a', '/forward-auth?a=1', '/forward-auth?scope=*#staff=1', '/forward-auth#staff=1', '/forward-auth/?staff=1', '/forward-auth/staff/1', '/forward-auth/%2d/staff/1/-/', '/forward-auth/-/scope/orders:read/Staff/1/-/', '/forward-auth/-', '/forward-auth/-/', '/forward-auth/-/scope/%zz/-/x', '/forward-auth/-/scope']) {
    const { status, headers, inStep } = await replay(envoy('GET', address, staff))
    t.same({ status, inStep, user: headers['x-auth-user'] }, { status: 403, inStep: true, user: undefined }, address)
  }
  t.ok(log.some((line) => line.includes('forward-auth is asked for what it does not know')))
  for (const address of ['/forward-authx', '/forward-auth;x', '/forward-auth%2f', '//forward-auth', '/forward%2Dauth', '/forward%2Dauth?staff=1', '/Forward-Auth', 'ftp://127.0.0.1/forward-auth', '*']) {
    const { status, headers } = await replay(envoy('GET', address, staff))
    t.notSame(status, 200, address)
    t.equal(headers['x-auth-user'], undefined, address)
  }
})

t.test('an address with scheme and host asks for the same', async (t) => {
  const { replay, authorization, staff } = await startService(t)
  for (const origin of ['http://127.0.0.1:8000', 'HTTPS://authtoken.example.org']) {
    for (const asked of ['/forward-auth?staff=1', '/forward-auth/-/staff/1/-/orders?x=1', '/forward-auth/-/staff/1/-/%zz']) {
      t.match(await replay(envoy('GET', origin + asked, staff)), { status: 200, inStep: true, headers: { 'x-auth-user': 'boss' } }, origin + asked)
      t.match(await replay(envoy('GET', origin + asked, authorization)), { status: 403, inStep: true }, `${origin}${asked} without being staff`)
    }
  }
})
