import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import t from 'tap'
import { tokenAuth, type TokenAuthOptions } from '../../src/index.js'
import { authorizationOf, countingAuthenticator } from '../support/fixed-callers.js'

const answer = async () => 'let in'
const staffOnly = { permission: 'isAdminUser' as const }

async function build (options: Partial<TokenAuthOptions> = {}): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(tokenAuth, { authenticator: countingAuthenticator(), ...options })
  return app
}

const statuses = async (app: FastifyInstance, url: string) => await Promise.all([undefined, 'ann', 'eve'].map(async (name) =>
  (await app.inject({ url, headers: name === undefined ? {} : { authorization: authorizationOf(name) } })).statusCode))

for (const [title, change] of [
  ['written into config', (route: RouteOptions) => { route.config = Object.assign(route.config ?? {}, { authtoken: staffOnly }) }],
  ['in a config of its own', (route: RouteOptions) => { route.config = { authtoken: staffOnly } }],
  ['in a config that is filled later', (route: RouteOptions) => {
    const config: RouteOptions['config'] = {}
    route.config = config
    config.authtoken = staffOnly
  }],
  ['in a frozen config', (route: RouteOptions) => { route.config = Object.freeze({ authtoken: staffOnly }) }]
] as const) {
  t.test(`a policy that an onRoute hook of a scope sets holds: ${title}`, async (t) => {
    const app = await build({ defaultPermission: 'isAuthenticated' })
    app.register(async (scope) => {
      scope.addHook('onRoute', change)
      scope.get('/', answer)
      scope.get('/users', answer)
    }, { prefix: '/admin' })
    app.get('/', answer)
    for (const url of ['/admin', '/admin/', '/admin/users']) t.same(await statuses(app, url), [401, 403, 200], url)
    t.same(await statuses(app, '/'), [401, 200, 200])
    t.equal((await app.inject({ method: 'HEAD', url: '/admin/users', headers: { authorization: authorizationOf('ann') } })).statusCode, 403)
  })
}

t.test('an onRoute hook may leave a route to others, and must not take the guard away', async (t) => {
  const app = await build({ defaultPermission: 'isAuthenticated' })
  app.addHook('onRoute', (route) => { route.config = { authtoken: false } })
  app.get('/left', answer)
  t.equal((await app.inject({ url: '/left', headers: { authorization: 'Token nobody' } })).statusCode, 200)

  const bare = await build({ defaultPermission: 'isAuthenticated' })
  bare.addHook('onRoute', (route) => { route.onRequest = [] })
  bare.get('/bare', answer)
  await t.rejects(async () => { await bare.ready() }, { code: 'AUTHTOKEN_INVALID_SETTINGS', message: /^GET \/bare: an onRoute hook took the hook/ })
})

t.test('a policy that is changed after it was read stops the start', async (t) => {
  for (const [title, change, field] of [
    ['its field', ({ config }: RouteOptions) => { (config?.authtoken as { permission: string }).permission = 'allowAny' }, '.permission'],
    ['a new field', ({ config }: RouteOptions) => { (config?.authtoken as { scope: string }).scope = 'a' }, '.scope'],
    ['a field less', ({ config }: RouteOptions) => { delete (config?.authtoken as { permission?: string }).permission }, '.permission'],
    ['the whole', ({ config = {} }: RouteOptions) => { config.authtoken = false }, ''],
    ['the config', (route: RouteOptions) => { route.config = {} }, '']
  ] as const) {
    const app = await build()
    let kept: RouteOptions | undefined
    app.addHook('onRoute', (route) => { kept = route })
    app.post('/orders', { config: { authtoken: { permission: 'isAdminUser' } } }, answer)
    app.addHook('onReady', async () => { change(kept as RouteOptions) })
    await t.rejects(async () => { await app.ready() }, {
      code: 'AUTHTOKEN_INVALID_SETTINGS',
      message: `POST /orders: config.authtoken${field} was changed after it was read; set it where the route is declared, or in an onRoute hook`
    }, title)
  }
  const app = await build()
  app.addHook('onRoute', (route) => { setImmediate(() => { route.config = { authtoken: false } }) })
  app.post('/orders', { config: { authtoken: { permission: 'isAdminUser' } } }, answer)
  await new Promise((resolve) => { setImmediate(resolve) })
  await t.rejects(async () => { await app.ready() }, { message: /^POST \/orders: config\.authtoken\.permission was changed after/ })
})

t.test('a field that is undefined is not given', async (t) => {
  const app = await build({ defaultPermission: 'isAuthenticated' })
  const given = { permission: undefined, scope: undefined, keywords: undefined }
  app.get('/', { config: { authtoken: given as never } }, answer)
  t.same(await statuses(app, '/'), [401, 200, 200])
})

t.test('what is only nearly ours is refused, with the right spelling', async (t) => {
  for (const name of ['authToken', 'AuthToken', 'auth_token', 'auth-token', 'authtokens', 'auhttoken', 'authtokn', 'authtokem', 'AUTHTOKEN']) {
    const app = await build({ defaultPermission: 'isAuthenticated' })
    const declare = (): unknown => app.get('/', { config: { [name]: false } as never }, answer)
    t.throws(declare, { code: 'AUTHTOKEN_INVALID_SETTINGS', message: `GET /: config.${name} is not known; write config: { authtoken: … }` }, name)
  }
  const app = await build()
  for (const name of ['authtoken', 'authToken', 'auth_token']) {
    t.throws(() => app.get('/', { [name]: { permission: 'isAdminUser' } } as never, answer),
      { message: `GET /: ${name} is not known here; write config: { authtoken: … }` }, name)
  }
  for (const wrong of [null, [], 'isAuthenticated', 5]) {
    t.throws(() => app.get('/', { config: { authtoken: wrong as never } }, answer), { message: /^GET \/: config\.authtoken must be an object, or false$/ })
  }
  for (const name of ['auth', 'token', 'authorization', 'authenticate', 'tokenAuthorities']) app.get(`/${name}`, { config: { [name]: 1 } as never }, answer)
  await app.ready()
})

t.test('a misspelling that an onRoute hook brings in stops the start', async (t) => {
  const app = await build()
  app.addHook('onRoute', (route) => { route.config = { authToken: { permission: 'isAdminUser' } } as never })
  app.get('/', answer)
  await t.rejects(async () => { await app.ready() }, { message: 'GET /: config.authToken is not known; write config: { authtoken: … }' })
})
