import fastifyAuth from '@fastify/auth'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import t from 'tap'
import authtoken, { type Authenticator, tokenAuth } from '../../src/index.js'
import { buildHost } from '../support/applications.js'
import { databaseUrl } from '../support/databases.js'
import { makeUser } from '../support/users.js'
import { declareRoutes, play } from '../support/permission-scenarios.js'

const castOf = async ({ authtoken }: FastifyInstance) => ({
  active: (await makeUser(authtoken, 'active')).token.key,
  staff: (await makeUser(authtoken, 'staff', { isStaff: true })).token.key,
  inactive: (await makeUser(authtoken, 'inactive', { isActive: false })).token.key
})

for (const keyword of ['Token', 'Bearer']) {
  t.test(`authentication with the keyword ${keyword}`, async (t) => {
    const app = await buildHost(t, { keywords: [keyword] })
    declareRoutes(app)
    await play(t, app, keyword, await castOf(app))
  })
}

t.test('an authenticator in place of a database', async (t) => {
  const local = await buildHost(t)
  declareRoutes(local)
  const cast = await castOf(local)
  const users = new Map(await Promise.all(Object.entries(cast).map(async ([name, key]) => [key, await local.authtoken.users.findByUsername(name)] as const)))
  const authenticator: Authenticator = {
    async authenticate (key) {
      const user = users.get(key)
      return user == null ? null : { user, token: { id: `drf-${user.id}`, kind: 'drf', name: null, hint: null, scope: '*', created: null, expires: null, lastUsed: null, disabled: false } }
    }
  }
  const app = Fastify()
  await app.register(authtoken, { authenticator })
  declareRoutes(app)
  await play(t, app, 'Token', cast)
  t.notOk(app.hasDecorator('authtoken'), 'no users and no tokens are here')
})

t.test('a route knows user and token, without hash and key', async (t) => {
  const app = await buildHost(t)
  app.get('/', async ({ user, auth }) => ({ user, auth }))
  const { user, token, authorization } = await makeUser(app.authtoken, 'ann')
  const { body } = await app.inject({ url: '/', headers: { authorization } })
  t.match(JSON.parse(body), { user: { id: user.id, username: 'ann', isActive: true }, auth: { id: `drf-${user.id}`, kind: 'drf', scope: '*', hint: token.key.slice(0, 4) } })
  t.notMatch(body, token.key)
  t.notMatch(body, 'argon2')
})

t.test('two Authorization headers are refused, whichever is valid', async (t) => {
  const app = await buildHost(t, { defaultPermission: 'isAuthenticated' })
  app.get('/', async () => 'let in')
  app.get('/public', { config: { authtoken: { permission: 'allowAny' } } }, async () => 'let in')
  const { authorization } = await makeUser(app.authtoken, 'ann')
  const address = await app.listen({ port: 0 })
  for (const path of ['/', '/public']) {
    for (const [first, second, detail] of [
      [authorization, 'Token x', 'Invalid token header. Token string should not contain spaces.'],
      ['Token x', authorization, 'Invalid token header. Token string should not contain spaces.'],
      [authorization, authorization, 'Invalid token header. Token string should not contain spaces.'],
      ['Basic x', authorization, 'Authentication credentials were not provided.'],
      ['Token', 'x', 'Authentication credentials were not provided.'],
      ['Token x', '', 'Invalid token.']
    ]) {
      const { statusCode, body } = await request(address, path, ['Authorization', first, 'authorization', second] as string[])
      t.equal(statusCode, 401, `${first?.slice(0, 7)}, ${second?.slice(0, 7)}`)
      t.same(JSON.parse(body), { detail })
    }
  }
})

t.test('defaultPermission holds for routes that declare nothing, also in child scopes', async (t) => {
  const app = await buildHost(t, { defaultPermission: 'isAuthenticated' })
  app.get('/', async () => 'let in')
  app.register(async (child) => { child.get('/child', async () => 'let in') })
  app.get('/open', { config: { authtoken: { permission: 'allowAny' } } }, async () => 'let in')
  app.get('/left', { config: { authtoken: false } }, async ({ user, auth }) => ({ user, auth }))
  for (const [url, status] of [['/', 401], ['/child', 401], ['/open', 200], ['/left', 200], ['/missing', 404]] as const) {
    t.equal((await app.inject(url)).statusCode, status, url)
  }
  t.equal((await app.inject({ method: 'HEAD', url: '/' })).statusCode, 401, 'HEAD of a protected route')
  const left = await app.inject({ url: '/left', headers: { authorization: 'Token x' } })
  t.same(left.json(), { user: null, auth: null }, 'a route left to others reads no token')
})

t.test('a route with keywords of its own', async (t) => {
  const app = await buildHost(t, { defaultPermission: 'isAuthenticated' })
  app.get('/bearer', { config: { authtoken: { keywords: ['Bearer', 'Key'] } } }, async ({ user }) => user?.username)
  const { token: { key } } = await makeUser(app.authtoken, 'ann')
  for (const [keyword, status] of [['Bearer', 200], ['key', 200], ['Token', 401]] as const) {
    const response = await app.inject({ url: '/bearer', headers: { authorization: `${keyword} ${key}` } })
    t.equal(response.statusCode, status, keyword)
    t.equal(response.headers['www-authenticate'], status === 401 ? 'Bearer' : undefined)
  }
})

t.test('permission functions compose under @fastify/auth', async (t) => {
  const app = await buildHost(t)
  let lookups = 0
  app.addHook('onRequest', async () => { lookups++ })
  const pass = (_request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) => done()
  const answer = async () => 'let in'
  app.get('/token', { onRequest: app.auth([app.verifyToken]) }, answer)
  app.get('/or', { onRequest: app.auth([app.isAdminUser, pass]) }, answer)
  app.get('/and', { onRequest: app.auth([app.isAuthenticated, app.isAdminUser], { relation: 'and' }) }, answer)
  app.post('/write', { preHandler: app.auth([app.isAuthenticatedOrReadOnly]) }, answer)
  const { authorization } = await makeUser(app.authtoken, 'ann')
  const { authorization: staff } = await makeUser(app.authtoken, 'eve', { isStaff: true })

  for (const [method, url, header, status] of [
    ['GET', '/token', undefined, 401], ['GET', '/token', authorization, 200], ['GET', '/or', undefined, 200],
    ['GET', '/and', undefined, 401], ['GET', '/and', authorization, 403], ['GET', '/and', staff, 200],
    ['POST', '/write', undefined, 401], ['POST', '/write', authorization, 200]
  ] as const) {
    const response = await app.inject({ method, url, headers: header === undefined ? {} : { authorization: header } })
    t.equal(response.statusCode, status, `${method} ${url}`)
    t.equal(response.headers['www-authenticate'], status === 401 ? 'Token' : undefined, 'a challenge on a 401 and nowhere else')
  }
  t.ok(lookups > 0)
})

t.test('one key is looked up once a request, whatever is composed', async (t) => {
  let lookups = 0
  const app = Fastify()
  await app.register(tokenAuth, { authenticator: { authenticate: () => { lookups++; return null } } })
  app.get('/', { onRequest: app.auth([app.verifyToken, app.isAdminUser]) }, async () => 'let in')
  await app.inject({ url: '/', headers: { authorization: 'Token x' } })
  t.equal(lookups, 1)
})

t.test('a lookup that fails is 503 with Retry-After, never 401', async (t) => {
  for (const authenticate of [
    () => { throw new Error('select from secret-key') },
    async () => { throw new Error('select from secret-key') }
  ]) {
    const app = Fastify()
    await app.register(tokenAuth, { authenticator: { authenticate } })
    app.get('/', async () => 'let in')
    const response = await app.inject({ url: '/', headers: { authorization: 'Token x' } })
    t.equal(response.statusCode, 503)
    t.equal(response.headers['retry-after'], '1')
    t.notMatch(response.body, 'secret-key')
  }
})

t.test("errors: 'throw' hands ours to the host, with status and challenge", async (t) => {
  const app = await buildHost(t, { errors: 'throw', defaultPermission: 'isAuthenticated' })
  app.setErrorHandler((error: Error & { code: string, statusCode: number, headers: object }, _request, reply) => {
    reply.code(error.statusCode).headers(error.headers).send({ mine: error.code })
  })
  app.get('/', async () => 'let in')
  const response = await app.inject('/')
  t.equal(response.statusCode, 401)
  t.same(response.json(), { mine: 'AUTHTOKEN_NOT_AUTHENTICATED' })
  t.equal(response.headers['www-authenticate'], 'Token')
})

t.test("every error of the host's goes to the host's handlers", async (t) => {
  const app = await buildHost(t)
  app.setErrorHandler((error: Error, _request, reply) => { reply.code(418).send({ host: error.message }) })
  app.get('/host', async () => { throw new Error('of the host') })
  app.get('/route', { errorHandler: (error, _request, reply) => { reply.code(419).send({ route: error.message }) } }, async () => { throw new Error('of the route') })
  app.get('/again', { errorHandler: (error) => { throw error } }, async () => { throw new Error('thrown again') })
  app.get('/ours', { errorHandler: (_error, _request, reply) => { reply.code(419).send('not asked') } }, async () => { throw new Error() })
  t.same((await app.inject('/host')).json(), { host: 'of the host' })
  t.same((await app.inject('/route')).json(), { route: 'of the route' })
  t.same((await app.inject('/again')).json(), { host: 'thrown again' })
  const ours = await app.inject({ url: '/ours', headers: { authorization: 'Token x' } })
  t.same(ours.json(), { detail: 'Invalid token.' })
})

t.test('a mistake in a route stops the start, and says what would be right', async (t) => {
  const app = await buildHost(t)
  for (const [config, message] of [
    [{ permision: 'isAuthenticated' }, 'GET /: config.authtoken.permision is not known; known are keywords, permission and scope'],
    [{ permission: 'isSuper' }, 'GET /: config.authtoken.permission must be one of allowAny, isAuthenticated, isAdminUser, isAuthenticatedOrReadOnly'],
    [{ keywords: [] }, "GET /: config.authtoken.keywords must be a list of at least one keyword without spaces, as ['Token']"],
    [{ keywords: ['two words'] }, "GET /: config.authtoken.keywords.0 must be a list of at least one keyword without spaces, as ['Token']"],
    [true, 'GET /: config.authtoken must be an object, or false']
  ] as const) {
    t.throws(() => app.get('/', { config: { authtoken: config as never } }, async () => ''), { message, code: 'AUTHTOKEN_INVALID_SETTINGS' })
  }
})

t.test('routes declared before the plugin are never open', async (t) => {
  const answer = async () => 'let in'

  t.test('in the root scope, the start stops', async (t) => {
    const app = Fastify()
    app.register(authtoken, { migrate: true, database: await databaseUrl(t), defaultPermission: 'isAuthenticated' })
    app.get('/early', answer)
    await t.rejects(async () => { await app.ready() }, { message: /^routes were declared before authtoken was registered and would be open: GET \/early, HEAD \/early; put "await app.register/ })
  })

  t.test('in a child of the root that came earlier, too', async (t) => {
    const app = Fastify()
    app.register(async (child) => { child.get('/early', answer) })
    app.register(authtoken, { migrate: true, database: await databaseUrl(t), defaultPermission: 'isAuthenticated' })
    await t.rejects(async () => { await app.ready() }, { message: /would be open: GET \/early/ })
  })

  t.test('in a scope with a prefix, the start stops, and routes outside do not count', async (t) => {
    const app = Fastify()
    app.get('/outside', answer)
    app.register(async (scope) => {
      scope.register(authtoken, { migrate: true, database: await databaseUrl(t), defaultPermission: 'isAuthenticated' })
      scope.get('/early', answer)
    }, { prefix: '/inside' })
    await t.rejects(async () => { await app.ready() }, { message: /would be open: GET \/inside\/early, HEAD \/inside\/early;/ })
  })

  t.test('in a scope without a prefix, the start stops, and routes outside do not count', async (t) => {
    for (const early of [true, false]) {
      const app = Fastify()
      t.teardown(() => app.close())
      app.get('/outside', answer)
      app.register(async (scope) => {
        scope.register(authtoken, { migrate: true, database: await databaseUrl(t), defaultPermission: 'isAuthenticated' })
        if (early) scope.get('/early', answer)
        scope.get('/left', { config: { authtoken: false } }, answer)
        scope.get('/open', { config: { authtoken: { permission: 'allowAny' } } }, answer)
        scope.after(() => { scope.get('/late', answer) })
      })
      if (early) {
        await t.rejects(async () => { await app.ready() }, { message: /would be open: GET \/early, HEAD \/early;/ })
        continue
      }
      for (const [url, status] of [['/outside', 200], ['/left', 200], ['/open', 200], ['/late', 401], ['/missing', 404]] as const) {
        t.equal((await app.inject(url)).statusCode, status, url)
      }
    }
  })

  t.test('whatever their path and their method look like', async (t) => {
    const app = Fastify()
    app.addHttpMethod('M-SEARCH')
    app.get('/a path (GET)', answer)
    app.route({ method: 'M-SEARCH', url: '/search', handler: answer })
    app.get('*', { constraints: { host: 'example.org' } }, answer)
    app.register(authtoken, { migrate: true, database: await databaseUrl(t), defaultPermission: 'isAuthenticated' })
    await t.rejects(async () => { await app.ready() }, { message: /: GET \/a path \(GET\), HEAD \/a path \(GET\), M-SEARCH \/search, GET \*, HEAD \*;/ })
  })

  t.test('of a scope that is there already and declares them later, too', async (t) => {
    const app = Fastify()
    let scope: FastifyInstance = app
    await app.register(async (child) => { scope = child })
    await app.register(authtoken, { migrate: true, database: await databaseUrl(t), defaultPermission: 'isAuthenticated' })
    scope.get('/unseen', answer)
    await t.rejects(async () => { await app.ready() }, { message: /would be open: GET \/unseen/ })
  })

  t.test('the OPTIONS * of @fastify/cors is none to guard', async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    app.options('*', async (_request, reply) => reply.code(204).send())
    await app.register(authtoken, { migrate: true, database: await databaseUrl(t), defaultPermission: 'isAuthenticated' })
    t.equal((await app.inject({ method: 'OPTIONS', url: '/any' })).statusCode, 204)
  })

  t.test('where every route is open by default, only those that asked for a token are refused', async (t) => {
    for (const [config, stops] of [[{}, false], [{ authtoken: { permission: 'isAuthenticated' as const } }, true]] as const) {
      const app = Fastify()
      t.teardown(() => app.close())
      app.register(authtoken, { migrate: true, database: await databaseUrl(t) })
      app.get('/early', { config }, answer)
      if (stops) await t.rejects(async () => { await app.ready() }, { message: /would be open: GET \/early/ })
      else t.equal((await app.inject('/early')).statusCode, 200)
    }
  })
})

t.test('permission functions let nobody in where the plugin does not know the route', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(async (child) => {
    for (const name of ['verifyToken', 'isAuthenticated', 'isAdminUser', 'isAuthenticatedOrReadOnly'] as const) {
      child.post(`/${name}`, { onRequest: (request, reply, done) => app[name](request, reply, done) }, async () => 'let in')
    }
  })
  app.register(authtoken, { migrate: true, database: await databaseUrl(t) })
  await app.ready()
  const { authorization } = await makeUser(app.authtoken, 'ann', { isStaff: true })
  for (const url of ['/verifyToken', '/isAuthenticated', '/isAdminUser', '/isAuthenticatedOrReadOnly']) {
    t.equal((await app.inject({ method: 'POST', url, headers: { authorization } })).statusCode, 401, url)
  }
})

t.test('a second registration in the same scope, or below, stops the start; siblings are kept apart', async (t) => {
  for (const nest of [
    async (app: FastifyInstance) => { await app.register(authtoken, { migrate: true, database: await databaseUrl(t) }) },
    async (app: FastifyInstance) => { await app.register(async (child) => { await child.register(authtoken, { migrate: true, database: await databaseUrl(t) }) }) }
  ]) {
    const app = await buildHost(t)
    await t.rejects(nest(app), { message: /authtoken is registered in this scope already/ })
  }

  const app = Fastify()
  t.teardown(() => app.close())
  const keys: Record<string, string> = {}
  for (const name of ['one', 'two']) {
    app.register(async (scope) => {
      await scope.register(authtoken, { migrate: true, database: await databaseUrl(t), defaultPermission: 'isAuthenticated' })
      scope.get('/', async ({ user }) => user?.username)
      keys[name] = (await makeUser(scope.authtoken, name)).token.key
    }, { prefix: `/${name}` })
  }
  await app.ready()
  const ask = (path: string, key = '') => app.inject({ url: path, headers: { authorization: `Token ${key}` } })
  t.equal((await ask('/one', keys.one)).body, 'one')
  t.equal((await ask('/two', keys.two)).body, 'two')
  t.equal((await ask('/one', keys.two)).statusCode, 401)
  t.notOk(app.hasDecorator('authtoken'), 'nothing leaks out of the scope')
  t.notOk(app.hasRequestDecorator('user'))
})

t.test('what a host writes to user and token is of that request alone', async (t) => {
  const app = await buildHost(t)
  app.get('/', async (request) => {
    const { user, auth } = request
    const before = { name: user?.username, kept: request.user === user && request.auth === auth, scope: auth?.scope }
    if (user !== null) user.username = 'somebody'
    if (auth !== null) auth.scope = ''
    request.auth = null
    return { ...before, then: request.user?.username, auth: request.auth }
  })
  app.get('/other', { config: { authtoken: false } }, async (request) => {
    request.user = { username: 'set by the host' } as never
    return request.user
  })
  const { token: { key } } = await makeUser(app.authtoken, 'ann')
  for (let i = 0; i < 3; i++) {
    const { body } = await app.inject({ url: '/', headers: { authorization: `Token ${key}` } })
    t.same(JSON.parse(body), { name: 'ann', kept: true, scope: '*', then: 'somebody', auth: null })
  }
  t.same(JSON.parse((await app.inject('/other')).body), { username: 'set by the host' })
})

t.test("the host's @fastify/auth is used where it is there", async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(fastifyAuth, { defaultRelation: 'and' })
  const { auth } = app
  await app.register(authtoken, { migrate: true, database: await databaseUrl(t) })
  t.equal(app.auth, auth)
})

async function request (address: string, path: string, rawHeaders: string[]) {
  const { request } = await import('node:http')
  return await new Promise<{ statusCode: number | undefined, body: string }>((resolve, reject) => {
    const { host } = new URL(address)
    request(address + path, { headers: ['Host', host, ...rawHeaders] as never }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk) => { body += chunk }).on('end', () => resolve({ statusCode: response.statusCode, body }))
    }).on('error', reject).end()
  })
}
