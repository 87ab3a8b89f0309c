import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import { buildService } from '../../support/applications.js'
import { makeUser } from '../../support/users.js'
import { exchange } from '../../support/raw-http.js'

t.test('the process is healthy, and ready while its database answers', async (t) => {
  const { server, authtoken } = await buildService(t)
  t.same((await server.inject('/healthz')).json(), { status: 'ok' })
  t.same((await server.inject('/readyz/')).json(), { status: 'ok' })
  authtoken.database.close()
  t.equal((await server.inject('/healthz')).statusCode, 200)
  const unready = await server.inject('/readyz')
  t.equal(unready.statusCode, 503)
  t.equal(unready.headers['retry-after'], '1')
})

t.test('OpenAPI 3.1 names every route and no secret', async (t) => {
  const { server } = await buildService(t)
  const response = await server.inject('/openapi.json')
  const { openapi, info, paths, components } = response.json()
  t.equal(openapi, '3.1.0')
  t.match(info, { title: 'fastify-authtoken', version: /^\d+\.\d+\.\d+/ })
  t.same(Object.entries(paths).map(([path, methods]) => `${path} ${Object.keys(methods as object).sort()}`).sort(), [
    '/.well-known/oauth-authorization-server get', '/api-token-auth post', '/forward-auth get', '/healthz get',
    '/introspect post', '/introspect/batch post', '/readyz get', '/revocations get', '/revoke post',
    '/tokens delete,get,post', '/tokens/current delete', '/tokens/{id} delete,get,patch', '/tokens/{id}/rotate post',
    '/users get,post', '/users/me get', '/users/{username} delete,get,patch',
    '/users/{username}/tokens delete,get,post', '/users/{username}/tokens/{id} delete,get,patch', '/users/{username}/tokens/{id}/rotate post'
  ])
  t.match(components.securitySchemes, { token: { type: 'apiKey', in: 'header', name: 'Authorization' } })
  t.match(paths['/users/me'].get.responses['200'].content['application/json'].schema.properties.token.properties.hint, {})
})

t.test('a connection on which nothing was asked yet does not keep the server from closing', async (t) => {
  const { server } = await buildService(t)
  await server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.server.address() as AddressInfo
  const [asking, silent] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  asking.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
  await Promise.all([once(asking, 'data'), once(silent, 'connect')])
  const closed = Promise.all([asking, silent].map((socket) => once(socket.resume(), 'close')))
  await server.close()
  await closed
  t.pass('within the time of a test, not of a request')
})

t.test('the page of the interface is served with its own files alone', async (t) => {
  const { server } = await buildService(t)
  const page = await server.inject('/docs/')
  t.equal(page.statusCode, 200)
  t.match(page.headers['content-security-policy'], "script-src 'self'")
  t.notMatch(page.headers['content-security-policy'], 'upgrade-insecure-requests')
  t.match((await server.inject('/docs/json')).json(), { openapi: '3.1.0' })
})

t.test('answers carry the headers of a careful service', async (t) => {
  const { server } = await buildService(t)
  const { headers } = await server.inject('/healthz')
  t.match(headers, { 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none';frame-ancestors 'none'", 'x-frame-options': 'SAMEORIGIN' })
})

t.test('what is not there is 404, and a broken path too', async (t) => {
  const { server } = await buildService(t)
  for (const url of ['/', '/nothing', '/%E0%A4%A', '/users/%zz', `/users/${'x'.repeat(4000)}/`]) {
    const response = await server.inject(url)
    t.equal(response.statusCode, 404, url.slice(0, 30))
    t.same(response.json(), { detail: 'Not found.' })
  }
})

t.test('a body over the limit is 413, an error of ours 500 without its words', async (t) => {
  const { server, authtoken, log } = await buildService(t, { BODY_LIMIT: '1024' })
  const { authorization } = await makeUser(authtoken, 'root', { isSuperuser: true })
  const large = await server.inject({ method: 'POST', url: '/users/', headers: { authorization }, payload: { username: 'x'.repeat(2000) } })
  t.equal(large.statusCode, 413)
  authtoken.users.list = async () => { throw new TypeError('s3cret words') }
  const failed = await server.inject({ url: '/users/', headers: { authorization } })
  t.equal(failed.statusCode, 500)
  t.same(failed.json(), { detail: 'A server error occurred.' })
  t.match(log.join(''), 'request failed')
})

t.test('what other plugins hold against a request is answered as ours', async (t) => {
  const { server } = await buildService(t)
  const ask = async (method: string, url: string) => {
    const { statusCode, body } = await server.inject({ method: method as 'GET', url })
    return { statusCode, body: JSON.parse(body) }
  }
  t.same(await ask('QUERY', '/nothing'), { statusCode: 400, body: { detail: 'Bad request.' } })
  t.same(await ask('GET', '/docs/static/nothing.js'), { statusCode: 404, body: { detail: 'Not found.' } })
  await server.listen({ port: 0, host: '127.0.0.1' })
  const raw = await exchange((server.server.address() as AddressInfo).port, Buffer.from('GET /docs/static/../../package.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'))
  t.match(raw, { status: 403, text: '{"detail":"You do not have permission to perform this action."}' })
})

t.test('several keywords, the first is the challenge', async (t) => {
  const { server, authtoken } = await buildService(t, { KEYWORDS: 'Bearer,Token' })
  const { token } = await makeUser(authtoken, 'ann')
  for (const keyword of ['Bearer', 'Token']) t.equal((await server.inject({ url: '/users/me/', headers: { authorization: `${keyword} ${token.key}` } })).statusCode, 200)
  t.equal((await server.inject('/users/me/')).headers['www-authenticate'], 'Bearer')
})

t.test('links of a list follow the proxy only where it is trusted', async (t) => {
  for (const [TRUST_PROXY, expected] of [['off', 'http://localhost:80/users/?page_size=1&page=2'], ['on', 'https://auth.example/users/?page_size=1&page=2']] as const) {
    const { server, authtoken } = await buildService(t, { TRUST_PROXY, PUBLIC_HOSTS: 'auth.example' })
    const { authorization } = await makeUser(authtoken, 'root', { isSuperuser: true })
    await makeUser(authtoken, 'ann')
    const list = await server.inject({ url: '/users/?page_size=1', headers: { authorization, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'auth.example' } })
    t.equal(list.json().next, expected)
  }
})
