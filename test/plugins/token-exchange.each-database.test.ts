import Fastify from 'fastify'
import t from 'tap'
import authtoken from '../../src/index.js'
import { buildHost } from '../support/applications.js'
import { databaseUrl, open } from '../support/databases.js'
import { makeLogin } from '../support/users.js'

const json = (payload: unknown) => ({ method: 'POST', url: '/api-token-auth/', headers: { 'content-type': 'application/json' }, payload: JSON.stringify(payload) } as const)

t.test('username and password give the same token each time', async (t) => {
  const app = await buildHost(t)
  const { token } = await makeLogin(app.authtoken, 'ann')
  const form = { method: 'POST', url: '/api-token-auth', headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'username=ann&password=ann-pass-1' } as const
  const multipart = { method: 'POST', url: '/api-token-auth/', headers: { 'content-type': 'multipart/form-data; boundary=b' }, payload: '--b\r\ncontent-disposition: form-data; name="username"\r\n\r\nann\r\n--b\r\ncontent-disposition: form-data; name="password"\r\n\r\nann-pass-1\r\n--b--\r\n' } as const
  for (const request of [json({ username: 'ann', password: 'ann-pass-1' }), form, multipart]) {
    const response = await app.inject(request)
    t.equal(response.statusCode, 200)
    t.same(response.json(), { token: token.key })
    t.equal(response.headers['cache-control'], 'no-store')
  }
})

t.test('a token that is missing is made, once, whoever asks at the same time', async (t) => {
  const app = await buildHost(t, { onUserCreated: false })
  const user = await app.authtoken.users.create({ username: 'ann', password: 'ann-pass-1' }, { validate: false })
  t.equal(await app.authtoken.tokens.find(user), null)
  const answers = await Promise.all(Array.from({ length: 8 }, () => app.inject(json({ username: 'ann', password: 'ann-pass-1' }))))
  t.equal(new Set(answers.map(({ body }) => body)).size, 1)
  t.match(answers[0]?.json().token, /^[0-9a-f]{40}$/)
})

t.test('a password that changes while it is asked who may log in gets no token, not even the one that is there', async (t) => {
  const change = async ({ username }: { username: string }): Promise<boolean> => {
    const user = await app.authtoken.users.findByUsername(username)
    if (user !== null) await app.authtoken.users.setPassword(user, 'another-pass-1', { revokeTokens: false, validate: false })
    return true
  }
  const app = await buildHost(t, { exchange: { allow: change } })
  await makeLogin(app.authtoken, 'ann')
  const response = await app.inject(json({ username: 'ann', password: 'ann-pass-1' }))
  t.equal(response.statusCode, 400)
  t.same(response.json(), { non_field_errors: ['Unable to log in with provided credentials.'] })
})

t.test('the same where the host checks passwords', async (t) => {
  let right = 'ann-pass-1'
  const options = {
    verifyCredentials: (username: string, password: string) => password === right ? { id: Number(username) } : null,
    exchange: { allow: async ({ id }: { id: number }) => { await change(id); return true } }
  }
  let change = async (_id: number): Promise<void> => {}
  const app = await buildHost(t, options)
  const { user, token } = await makeLogin(app.authtoken, 'ann')
  const ask = () => app.inject(json({ username: String(user.id), password: 'ann-pass-1' }))
  t.same((await ask()).json(), { token: token.key })
  change = async () => {
    right = 'another'
    await app.authtoken.users.setPassword(user, 'another-pass-1', { revokeTokens: false, validate: false })
  }
  t.equal((await ask()).statusCode, 400)
})

t.test('no failure says what was wrong, nor is it ever cached', async (t) => {
  const app = await buildHost(t)
  await makeLogin(app.authtoken, 'ann')
  await makeLogin(app.authtoken, 'bob', { isActive: false })
  for (const [username, password] of [['ann', 'wrong'], ['nobody', 'x'], ['bob', 'bob-pass-1'], ['ANN', 'ann-pass-1'], ['x'.repeat(10_000), 'x']]) {
    const response = await app.inject(json({ username, password }))
    t.equal(response.statusCode, 400)
    t.same(response.json(), { non_field_errors: ['Unable to log in with provided credentials.'] })
    t.equal(response.headers['cache-control'], 'no-store')
  }
})

t.test('each field is checked, in DRF\'s words', async (t) => {
  const app = await buildHost(t)
  const required = ['This field is required.']
  for (const [body, answer] of [
    [{}, { username: required, password: required }],
    [{ username: 'ann' }, { password: required }],
    [{ username: '', password: '' }, { username: ['This field may not be blank.'], password: ['This field may not be blank.'] }],
    [{ username: '\u0085\u001c ', password: 'x' }, { username: ['This field may not be blank.'] }],
    [{ username: null, password: [] }, { username: ['This field may not be null.'], password: ['Not a valid string.'] }],
    [{ username: true, password: { a: 1 } }, { username: ['Not a valid string.'], password: ['Not a valid string.'] }],
    [{ username: 'a\0', password: 'x' }, { username: ['Null characters are not allowed.'] }],
    [{ username: 'a\udc00\0', password: '\ud83d\ude00' }, { username: ['Null characters are not allowed.', 'Surrogate characters are not allowed: U+DC00.'] }],
    [null, { non_field_errors: ['No data provided'] }],
    [[], { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
    ['text', { non_field_errors: ['Invalid data. Expected a dictionary, but got str.'] }],
    [1.5, { non_field_errors: ['Invalid data. Expected a dictionary, but got float.'] }],
    [7, { non_field_errors: ['Invalid data. Expected a dictionary, but got int.'] }],
    [true, { non_field_errors: ['Invalid data. Expected a dictionary, but got bool.'] }]
  ] as const) {
    const response = await app.inject(json(body))
    t.equal(response.statusCode, 400, JSON.stringify(body))
    t.same(response.json(), answer, JSON.stringify(body))
  }
})

t.test('a body that can not be read is 400, 413 or 415, and is not quoted', async (t) => {
  const app = await buildHost(t)
  for (const [type, payload, status, detail] of [
    ['application/json', '{"username":"ann","password":"s3cret', 400, 'JSON parse error - the body is not valid JSON.'],
    ['application/json', '\ufeff{}', 400, 'JSON parse error - the body is not valid JSON.'],
    ['application/json', '['.repeat(100_000), 400, 'JSON parse error - the body is not valid JSON.'],
    ['multipart/form-data', 's3cret', 400, 'Multipart form parse error - the body is not valid multipart/form-data.'],
    ['multipart/form-data; boundary=b', '--b\r\ncontent-disposition: form-data; name="username"\r\n\r\ns3cret', 400, 'Multipart form parse error - the body is not valid multipart/form-data.'],
    ['text/plain', 's3cret', 415, 'Unsupported media type "text/plain" in request.'],
    ['nonsense', 's3cret', 415, 'Unsupported media type "nonsense" in request.'],
    ['application/json', `"${'x'.repeat(2 ** 20)}"`, 413, 'Request body is too large.']
  ] as const) {
    const response = await app.inject({ method: 'POST', url: '/api-token-auth/', headers: { 'content-type': type }, payload })
    t.equal(response.statusCode, status, type)
    t.same(response.json(), { detail })
  }
  const short = await app.inject({ method: 'POST', url: '/api-token-auth/', headers: { 'content-type': 'application/json', 'content-length': '99' }, payload: '{}' })
  t.equal(short.statusCode, 400)
})

t.test('charsets are honoured, and unknown ones are UTF-8', async (t) => {
  const app = await buildHost(t)
  const { token } = await makeLogin(app.authtoken, 'éa')
  const login = async (type: string, payload: Buffer) => (await app.inject({ method: 'POST', url: '/api-token-auth/', headers: { 'content-type': type }, payload })).json()
  const text = JSON.stringify({ username: 'éa', password: 'éa-pass-1' })
  for (const [charset, encoding] of [['iso-8859-1', 'latin1'], ['utf-16', 'utf16le'], ['bogus', 'utf8'], ['"UTF-8"', 'utf8']] as const) {
    t.same(await login(`application/json; charset=${charset}`, Buffer.from(text, encoding)), { token: token.key }, charset)
  }
  t.match(await login('application/json', Buffer.from(text, 'latin1')), { detail: /^JSON parse error/ })
})

t.test('an upload is no string, wherever it stands, and what else is sent is ignored', async (t) => {
  const app = await buildHost(t)
  const part = (name: string, value: string, file = '') => `--b\r\ncontent-disposition: form-data; name="${name}"${file && '; filename="f"'}\r\n\r\n${value}\r\n`
  const send = (...parts: string[]) => app.inject({ method: 'POST', url: '/api-token-auth/', headers: { 'content-type': 'multipart/form-data; boundary=b' }, payload: `${parts.join('')}--b--\r\n` })
  t.same((await send(part('username', 'x', 'file'), part('username', 'ann'), part('password', 'x'))).json(), { username: ['Not a valid string.'] })
  const { token } = await makeLogin(app.authtoken, 'ann')
  t.same((await send(part('username', 'ann'), part('password', 'ann-pass-1'), part('extra', 'x', 'file'))).json(), { token: token.key })
})

t.test('prototype keys are harmless', async (t) => {
  const app = await buildHost(t)
  for (const payload of ['{"__proto__":{"username":"a","password":"b"}}', '{"constructor":{"prototype":{"username":"a"}}}']) {
    const response = await app.inject({ method: 'POST', url: '/api-token-auth/', headers: { 'content-type': 'application/json' }, payload })
    t.same(response.json(), { username: ['This field is required.'], password: ['This field is required.'] })
  }
  t.equal(({} as { username?: string }).username, undefined)
})

t.test('other methods are 405 with Allow, whatever they carry; OPTIONS describes the exchange', async (t) => {
  const app = await buildHost(t, { defaultPermission: 'isAuthenticated' })
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const) {
    for (const url of ['/api-token-auth', '/api-token-auth/']) {
      const response = await app.inject({ method, url, headers: { 'content-type': 'text/xml' }, payload: '<' })
      t.equal(response.statusCode, 405, `${method} ${url}`)
      t.equal(response.headers.allow, 'POST, OPTIONS')
      if (method !== 'HEAD') t.same(response.json(), { detail: `Method "${method}" not allowed.` })
    }
  }
  const options = await app.inject({ method: 'OPTIONS', url: '/api-token-auth/' })
  t.match(options.json(), { name: 'Obtain Auth Token', actions: { POST: { username: { required: true } } } })
})

t.test('a bad Authorization header is 401 before anything else, another scheme is ignored', async (t) => {
  const app = await buildHost(t, { defaultPermission: 'isAuthenticated' })
  const { token } = await makeLogin(app.authtoken, 'ann')
  const login = json({ username: 'ann', password: 'ann-pass-1' })
  const ask = (authorization: string, method: 'POST' | 'GET' = 'POST') => app.inject({ ...login, method, headers: { ...login.headers, authorization } })
  t.equal((await ask('Token x')).statusCode, 401)
  t.equal((await ask('Token x', 'GET')).statusCode, 401)
  t.same((await ask('Bearer x')).json(), { token: token.key })
})

t.test('allow decides who may have a token, reply what is answered', async (t) => {
  const app = await buildHost(t, {
    exchange: {
      path: '/login',
      allow: (user, request) => user.username === 'ann' && request.headers['x-device'] === 'phone',
      reply: (user, token) => ({ token: token.key, user_id: user.id, email: user.email })
    }
  })
  const { user, token } = await makeLogin(app.authtoken, 'ann')
  await makeLogin(app.authtoken, 'bob')
  const login = (username: string) => app.inject({ ...json({ username, password: `${username}-pass-1` }), url: '/login', headers: { 'content-type': 'application/json', 'x-device': 'phone' } })
  t.same((await login('ann')).json(), { token: token.key, user_id: user.id, email: '' })
  const refused = await login('bob')
  t.equal(refused.statusCode, 403)
  t.same(refused.json(), { detail: 'You do not have permission to perform this action.' })
  t.equal((await app.inject(json({}))).statusCode, 404)
})

t.test('a user who is deleted during the login can not log in', async (t) => {
  const app = await buildHost(t, { onUserCreated: false, exchange: { allow: async (user) => { await app.authtoken.users.delete(user); return true } } })
  const user = await app.authtoken.users.create({ username: 'ann', password: 'unlike-it-1' })
  const response = await app.inject(json({ username: 'ann', password: 'unlike-it-1' }))
  t.equal(response.statusCode, 400)
  t.same(response.json(), { non_field_errors: ['Unable to log in with provided credentials.'] })
  await t.rejects(app.authtoken.tokens.replace(user), { code: 'AUTHTOKEN_NOT_FOUND' } as never)
})

t.test('exchange: false leaves it out', async (t) => {
  const app = await buildHost(t, { exchange: false })
  t.equal((await app.inject(json({}))).statusCode, 404)
})

t.test("errors: 'throw' hands the exchange's errors to the host too", async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.setErrorHandler((error: Error & { code: string, statusCode: number, fields?: object }, _request, reply) => {
    reply.code(error.statusCode).send({ code: error.code, fields: error.fields })
  })
  await app.register(authtoken, { migrate: true, database: await databaseUrl(t), errors: 'throw' })
  t.match((await app.inject(json({ username: 'ann' }))).json(), { code: 'AUTHTOKEN_VALIDATION', fields: { password: ['This field is required.'] } })
  t.match((await app.inject({ ...json({}), headers: { 'content-type': 'nonsense' } })).json(), { code: 'AUTHTOKEN_UNSUPPORTED_MEDIA_TYPE' })
})

t.test('a server error of the host\'s callback is the host\'s', async (t) => {
  const app = await buildHost(t, { exchange: { reply: () => { throw new Error('of the host') } } })
  await makeLogin(app.authtoken, 'ann')
  const response = await app.inject(json({ username: 'ann', password: 'ann-pass-1' }))
  t.equal(response.statusCode, 500)
  t.match(response.json(), { message: 'of the host' })
})

t.test('logins past the queue get 503 with Retry-After, the accepted ones their token', async (t) => {
  const app = await buildHost(t, { passwords: { concurrency: 1, size: 3 } })
  const { token } = await makeLogin(app.authtoken, 'ann')
  const login = json({ username: 'ann', password: 'ann-pass-1' })
  await app.inject(login)
  const answers = await Promise.all(Array.from({ length: 12 }, () => app.inject(login)))
  const refused = answers.filter(({ statusCode }) => statusCode === 503)
  // Where the database takes a while, one may end before the last has been looked up.
  t.ok(refused.length > 4 && refused.length <= 8, `one runs, three wait: ${refused.length} of 12 are refused`)
  for (const response of refused) {
    t.match(response.headers['retry-after'], /^[1-9]\d*$/)
    t.same(response.json(), { detail: 'Too many logins are waiting. Try again later.' })
  }
  for (const response of answers.filter((answer) => !refused.includes(answer))) t.same(response.json(), { token: token.key })
})

t.test('a password that is changed while a login is under way gives no token away', async (t) => {
  for (const tokens of [{}, { kind: 'access' as const }]) {
    const app = await buildHost(t, {
      migrate: true,
      database: await databaseUrl(t),
      tokens,
      exchange: {
        allow: async (user) => {
          await app.authtoken.users.setPassword(user, 'another-pass-1', { validate: false })
          return true
        }
      }
    })
    const user = await app.authtoken.users.create({ username: 'ann', password: 'ann-pass-1' }, { validate: false })
    const response = await app.inject({ method: 'POST', url: '/api-token-auth/', payload: { username: 'ann', password: 'ann-pass-1' } })
    t.equal(response.statusCode, 400)
    t.equal((await app.authtoken.tokens.list(user, { limit: 1 })).count, 0)
  }
})

t.test('simultaneous logins that replace a weaker hash are all good', async (t) => {
  const database = await databaseUrl(t)
  const before = await open(t, { database, passwords: { hasher: 'pbkdf2_sha256' } })
  await before.users.create({ username: 'ann', password: 'ann-pass-1' }, { validate: false })
  const app = await buildHost(t, { database })
  const login = () => app.inject({ method: 'POST', url: '/api-token-auth/', payload: { username: 'ann', password: 'ann-pass-1' } })
  t.same((await Promise.all([login(), login(), login(), login()])).map(({ statusCode }) => statusCode), [200, 200, 200, 200])
})

t.test("errors: 'throw' hands the exchange's errors to the host, whose handler may come later", async (t) => {
  for (const order of ['before', 'after']) {
    const app = Fastify()
    t.teardown(() => app.close())
    const handle = () => app.setErrorHandler((error: Error & { code: string, statusCode: number, headers?: object }, _request, reply) => {
      reply.code(error.statusCode).headers(error.headers ?? {}).send({ mine: error.code })
    })
    if (order === 'before') handle()
    await app.register(authtoken, { migrate: true, database: await databaseUrl(t), errors: 'throw' })
    if (order === 'after') handle()
    for (const [payload, headers, status, code] of [
      [{ username: 'ann' }, {}, 400, 'VALIDATION'],
      [{ username: 'ann', password: 'wrong' }, {}, 400, 'VALIDATION'],
      ['{', { 'content-type': 'application/json' }, 400, 'PARSE_ERROR'],
      ['x', { 'content-type': 'text/csv' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
      ['x'.repeat(2_000_000), { 'content-type': 'application/json' }, 413, 'BODY_TOO_LARGE'],
      [{}, { authorization: 'Token x' }, 401, 'INVALID_TOKEN']
    ] as const) {
      const response = await app.inject({ method: 'POST', url: '/api-token-auth/', payload, headers })
      t.same([response.statusCode, response.json()], [status, { mine: `AUTHTOKEN_${code}` }], `${order} ${code}`)
      t.equal(response.headers['www-authenticate'], status === 401 ? 'Token' : undefined)
    }
    const wrongMethod = await app.inject({ method: 'GET', url: '/api-token-auth/' })
    t.same([wrongMethod.statusCode, wrongMethod.json(), wrongMethod.headers.allow], [405, { mine: 'AUTHTOKEN_METHOD_NOT_ALLOWED' }, 'POST, OPTIONS'])
  }
})
