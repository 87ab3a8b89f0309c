import t, { type Test } from 'tap'
import { buildService } from '../../support/applications.js'
import { customUserDatabase } from '../../support/fixtures.js'
import { makeUser } from '../../support/users.js'

const INACTIVE = { active: false }
const form = 'application/x-www-form-urlencoded'

/** A service, somebody who may introspect, and a user to ask about. */
async function setUp (t: Test, env: NodeJS.ProcessEnv = {}) {
  const service = await buildService(t, env)
  const { tokens } = service.authtoken
  const asking = await makeUser(service.authtoken, 'asking')
  const { key } = await tokens.create(asking.user, { name: 'introspection', scope: 'introspect' })
  const bob = await makeUser(service.authtoken, 'bob', { email: 'bob@example.org' })
  const post = async (url: string, payload: string | object, headers: Record<string, string> = {}) => {
    const type = typeof payload === 'string' ? form : 'application/json'
    return await service.server.inject({ method: 'POST', url, payload, headers: { authorization: `Token ${key}`, 'content-type': type, ...headers } })
  }
  const introspect = (token: string) => post('/introspect', new URLSearchParams({ token }).toString())
  return { ...service, asking, key, bob, post, introspect, tokens }
}

t.test('a DRF token is described as RFC 7662 says', async (t) => {
  const { introspect, bob } = await setUp(t)
  const response = await introspect(bob.token.key)
  t.equal(response.statusCode, 200)
  t.equal(response.headers['cache-control'], 'no-store')
  t.same(response.json(), {
    active: true,
    scope: '*',
    username: 'bob',
    token_type: 'Token',
    iat: Math.floor((bob.token.created as Date).getTime() / 1000),
    sub: String(bob.user.id),
    jti: `drf-${bob.user.id}`
  })
})

t.test('an access token has its name, its scope and its end', async (t) => {
  const { introspect, bob, tokens } = await setUp(t, { KEYWORDS: 'Bearer,Token' })
  const token = await tokens.create(bob.user, { name: 'ci', scope: 'orders:read orders:write', expiresIn: 600 })
  const answer = (await introspect(token.key)).json()
  t.match(answer, { active: true, client_id: 'ci', scope: 'orders:read orders:write', token_type: 'Bearer', sub: String(bob.user.id), jti: token.id })
  t.equal(answer.exp - answer.iat, 600)
})

t.test('of a token that is not active nothing more is said', async (t) => {
  const { introspect, bob, tokens, authtoken } = await setUp(t)
  const disabled = await tokens.create(bob.user)
  await tokens.update(bob.user, disabled.id, { disabled: true })
  const revoked = await tokens.create(bob.user)
  t.match((await introspect(revoked.key)).json(), { active: true })
  await tokens.revoke(bob.user, revoked.id)
  const gone = await makeUser(authtoken, 'gone', { isActive: false })
  for (const [what, key] of [['unknown', 'x'.repeat(40)], ['disabled', disabled.key], ['revoked', revoked.key], ['of an inactive user', gone.token.key], ['with a NUL', 'a\0b'], ['a lone percent sign', '%'], ['with a wrong checksum', `${disabled.key.slice(0, -1)}!`]] as const) {
    const response = await introspect(key)
    t.equal(response.statusCode, 200, what)
    t.same(response.json(), INACTIVE, what)
  }
})

t.test('the hint is ignored, and so are parameters that are not known', async (t) => {
  const { post, bob } = await setUp(t)
  t.match((await post('/introspect/', `token=${bob.token.key}&token_type_hint=refresh_token&x=1`)).json(), { active: true, username: 'bob' })
})

t.test('only who has the scope may ask: administrators too, but not everybody with full power', async (t) => {
  const { server, authtoken, bob, tokens } = await setUp(t)
  const root = await makeUser(authtoken, 'root', { isSuperuser: true })
  const narrow = await tokens.create(root.user, { scope: 'orders:read' })
  const admin = await tokens.create(root.user, { scope: 'admin' })
  const ask = (key?: string) => server.inject({ method: 'POST', url: '/introspect', payload: 'token=x', headers: { 'content-type': form, ...(key !== undefined && { authorization: `Token ${key}` }) } })
  for (const key of [root.token.key, admin.key]) t.same((await ask(key)).json(), INACTIVE)
  for (const key of [bob.token.key, narrow.key]) {
    const response = await ask(key)
    t.equal(response.statusCode, 403)
    t.equal(response.headers['www-authenticate'], 'Token error="insufficient_scope", scope="introspect"')
  }
  for (const key of [undefined, 'nonsense']) {
    const response = await ask(key)
    t.equal(response.statusCode, 401)
    t.equal(response.headers['www-authenticate'], 'Token')
  }
})

t.test('what is not asked in the right form is an invalid request, and nothing is looked up', async (t) => {
  const { post, bob, server, key, authtoken } = await setUp(t)
  await post('/introspect', 'token=x')
  const { hits, misses } = authtoken.authenticator.statistics
  let asked = 0
  const { token: { key: secret } } = bob
  const batch = (body: object) => ['/introspect/batch', body] as const
  for (const [url, payload, description, headers] of [
    ['/introspect', '', 'token must be 1 to 4096 characters.'],
    ['/introspect', 'token=', 'token must be 1 to 4096 characters.'],
    ['/introspect', `token=${secret}&token=${secret}`, 'A parameter may be given once.'],
    ['/introspect', `token=${'a'.repeat(100_000)}`, 'token must be 1 to 4096 characters.'],
    ['/introspect', { token: secret }, 'The body must be application/x-www-form-urlencoded.'],
    ['/introspect', `token=${secret}`, 'The body must be application/x-www-form-urlencoded.', { 'content-type': 'text/plain' }],
    [...batch([secret]), 'The body must be an object with tokens, and identity if wanted.'],
    [...batch({}), 'tokens must be a list of 1 to 1000 tokens.'],
    [...batch({ tokens: [] }), 'tokens must be a list of 1 to 1000 tokens.'],
    [...batch({ tokens: Array(1001).fill(secret) }), 'tokens must be a list of 1 to 1000 tokens.'],
    [...batch({ tokens: [secret, 7] }), 'tokens[1] must be 1 to 4096 characters.'],
    [...batch({ tokens: [secret, 'a'.repeat(4097)] }), 'tokens[1] must be 1 to 4096 characters.'],
    [...batch({ tokens: [secret], identity: 'yes' }), 'identity must be true or false.'],
    [...batch({ tokens: [secret], [secret]: 1 }), 'The body holds a field that is not known.'],
    ['/introspect/batch', `{"tokens":["${secret}`, 'The body is not valid JSON.', { 'content-type': 'application/json' }],
    ['/introspect/batch', `tokens=${secret}`, 'The body must be application/json.']
  ] as Array<[string, string | object, string, Record<string, string>?]>) {
    const response = await post(url, payload, headers)
    asked++
    t.equal(response.statusCode, 400, description)
    t.same(response.json(), { error: 'invalid_request', error_description: description })
  }
  const large = await post('/introspect/batch', { tokens: Array(1000).fill('a'.repeat(4000)) })
  asked++
  t.equal(large.statusCode, 413)
  t.match(large.json(), { error: 'invalid_request' })
  for (const url of ['/introspect', '/introspect/batch']) {
    const response = await server.inject({ method: 'GET', url: `${url}?token=${secret}`, headers: { authorization: `Token ${key}` } })
    asked++
    t.equal(response.statusCode, 405)
    t.equal(response.headers.allow, 'POST, OPTIONS')
    t.same(response.json(), { error: 'invalid_request', error_description: 'Use POST.' })
  }
  const after = authtoken.authenticator.statistics
  t.equal(after.hits + after.misses - hits - misses, asked, 'the caller alone, each time')
})

t.test('a batch is answered in its order, up to 1000 tokens at once', async (t) => {
  const { post, bob, asking } = await setUp(t)
  const tokens = Array.from({ length: 1000 }, (_, i) => i === 3 ? bob.token.key : i === 998 ? asking.token.key : `nobody's ${i}`)
  const response = await post('/introspect/batch/', { tokens })
  t.equal(response.statusCode, 200)
  t.equal(response.headers['cache-control'], 'no-store')
  const { results } = response.json()
  t.equal(results.length, 1000)
  t.match(results[3], { active: true, username: 'bob', jti: `drf-${bob.user.id}` })
  t.match(results[998], { active: true, username: 'asking' })
  t.notOk('identity' in results[3])
  t.equal(results.filter(({ active }: { active: boolean }) => active).length, 2)
})

t.test('where it is wanted, a batch says whose each token is, also where the user is inactive', async (t) => {
  const { post, bob, authtoken, server } = await setUp(t)
  const gone = await makeUser(authtoken, 'gone', { isActive: false })
  const { results: [known, inactive, unknown] } = (await post('/introspect/batch', { tokens: [bob.token.key, gone.token.key, 'x'], identity: true })).json()
  const { token, ...user } = (await server.inject({ url: '/users/me', headers: { authorization: bob.authorization } })).json()
  t.same(known.identity, { user, token }, 'as the user itself sees it')
  t.match(inactive, { active: false, identity: { user: { username: 'gone', is_active: false } } })
  t.same(Object.keys(inactive), ['active', 'identity'])
  t.same(unknown, INACTIVE)
})

t.test('where the database is away nothing is said of a token', async (t) => {
  const { introspect, bob, post, authtoken } = await setUp(t, { CACHE_SIZE: '0' })
  await introspect(bob.token.key)
  await authtoken.database.close()
  for (const response of [await introspect(bob.token.key), await post('/introspect/batch', { tokens: [bob.token.key] })]) {
    t.equal(response.statusCode, 503)
    t.equal(response.headers['retry-after'], '1')
  }
})

t.test('tokens of a custom user model are described with its ids', async (t) => {
  const { server, authtoken } = await buildService(t, await customUserDatabase(t))
  const { user, token, authorization } = await makeUser(authtoken, 'root@example.org', { isSuperuser: true })
  const response = await server.inject({ method: 'POST', url: '/introspect/batch', headers: { authorization }, payload: { tokens: [token.key], identity: true } })
  t.match(response.json(), { results: [{ active: true, username: 'root@example.org', sub: user.id, jti: `drf-${user.id}`, identity: { user: { id: user.id } } }] })
})

t.test('an introspection counts as a use, and no answer or log holds a token', async (t) => {
  const { introspect, bob, tokens, authtoken, log, key } = await setUp(t)
  const token = await tokens.create(bob.user, { name: 'used' })
  await introspect(token.key)
  await authtoken.close()
  t.notMatch(log.join(''), token.key)
  t.notMatch(log.join(''), key)
})

t.test('where introspection and revocation are is to be found by RFC 8414', async (t) => {
  const { server } = await buildService(t, { KEYWORDS: 'Bearer', PUBLIC_HOSTS: 'auth.example.org' })
  const url = '/.well-known/oauth-authorization-server'
  const response = await server.inject({ url, headers: { host: 'auth.example.org' } })
  t.equal(response.statusCode, 200)
  t.same(response.json(), {
    issuer: 'http://auth.example.org',
    response_types_supported: [],
    grant_types_supported: [],
    introspection_endpoint: 'http://auth.example.org/introspect',
    introspection_endpoint_auth_methods_supported: ['Bearer'],
    revocation_endpoint: 'http://auth.example.org/revoke',
    revocation_endpoint_auth_methods_supported: ['Bearer']
  })
  t.equal((await server.inject({ method: 'POST', url })).statusCode, 405)
})

t.test('a failure of ours is 500 and says nothing; the log has what it was', async (t) => {
  const { introspect, log, authtoken: { authenticator } } = await setUp(t)
  const { authenticate } = authenticator
  authenticator.authenticate = (key) => {
    if (key === 'boom') throw new Error('boom')
    return authenticate(key)
  }
  const response = await introspect('boom')
  t.equal(response.statusCode, 500)
  t.same(response.json(), { detail: 'A server error occurred.' })
  t.match(log.join(''), '"message":"boom"')
})
