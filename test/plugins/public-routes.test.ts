import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { tokenAuth, type TokenAuthOptions } from '../../src/index.js'
import { authorizationOf, countingAuthenticator } from '../support/fixed-callers.js'

const answer = async () => 'let in'

const options = (given: Partial<TokenAuthOptions>): TokenAuthOptions =>
  ({ authenticator: countingAuthenticator(), defaultPermission: 'isAuthenticated', ...given })

const statuses = async (app: FastifyInstance, urls: string[]) => await Promise.all(urls.map(async (url) => (await app.inject(url)).statusCode))

for (const order of ['before', 'after']) {
  t.test(`the pages of @fastify/swagger-ui, registered ${order} the plugin, are open where public says so, and no others`, async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    const documentation = async () => {
      await app.register(swagger)
      await app.register(swaggerUi, { routePrefix: '/documentation' })
    }
    if (order === 'before') await documentation()
    await app.register(tokenAuth, options({ public: ['/documentation/*'] }))
    if (order === 'after') await documentation()
    app.get('/documentations', answer)
    app.get('/documentation/mine', { config: { authtoken: { permission: 'isAdminUser' } } }, answer)
    t.same(await statuses(app, ['/documentation/json', '/documentation/static/swagger-ui.css', '/documentations', '/documentation/mine']), [200, 200, 401, 401])
    t.not((await app.inject('/documentation')).statusCode, 401)
  })
}

t.test('without it they are guarded, and refused where they were registered before', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(tokenAuth, options({}))
  await app.register(swagger)
  await app.register(swaggerUi, { routePrefix: '/documentation' })
  t.same(await statuses(app, ['/documentation/json', '/documentation/static/swagger-ui.css']), [401, 401])

  const early = Fastify()
  await early.register(swagger)
  await early.register(swaggerUi, { routePrefix: '/documentation' })
  await early.register(tokenAuth, options({}))
  await t.rejects(async () => { await early.ready() }, { message: /would be open: GET \/documentation/ })
})

t.test('a function says which routes are public, over what the scope needs', async (t) => {
  const app = Fastify()
  await app.register(tokenAuth, options({ public: ['/exact', ({ url, method }) => method === 'GET' && url.startsWith('/pages')] }))
  app.authtokenPolicy({ scope: 'a' })
  for (const url of ['/exact', '/exact/below', '/pages/one', '/other']) app.get(url, answer)
  app.post('/pages/one', answer)
  t.same(await statuses(app, ['/exact', '/exact/below', '/pages/one', '/other']), [200, 401, 200, 401])
  t.equal((await app.inject({ method: 'POST', url: '/pages/one' })).statusCode, 401)
  t.equal((await app.inject({ url: '/exact', headers: { authorization: authorizationOf('nobody') } })).statusCode, 401, 'as everywhere')
})

t.test('a path that no route has stops the start', async (t) => {
  const app = Fastify()
  await app.register(tokenAuth, options({ public: ['/pages/*', '/page/*'] }))
  app.get('/pages/one', answer)
  await t.rejects(async () => { await app.ready() }, { code: 'AUTHTOKEN_INVALID_SETTINGS', message: 'authtoken: public: no route has the path /page/*' })
})

for (const errors of ['drf', 'throw'] as const) {
  t.test(`what is not found is guarded where notFound says so, errors: ${errors}`, async (t) => {
    for (const [notFound, anonymous, unknown] of [['open', 200, 200], ['guard', 401, 401]] as const) {
      const app = Fastify()
      await app.register(tokenAuth, options({ notFound, errors }))
      app.setNotFoundHandler(async () => 'the page')
      app.register(async (scope) => {
        scope.authtokenPolicy({ permission: 'isAdminUser' })
        scope.setNotFoundHandler(async () => 'the page of staff')
      }, { prefix: '/staff' })
      const ask = async (url: string, name?: string) =>
        await app.inject({ url, headers: name === undefined ? {} : { authorization: authorizationOf(name) } })
      t.equal((await ask('/deep/link')).statusCode, anonymous)
      t.equal((await ask('/deep/link', 'nobody')).statusCode, unknown)
      t.equal((await ask('/deep/link', 'ann')).body, 'the page')
      t.equal((await ask('/staff/x', 'ann')).statusCode, notFound === 'guard' ? 403 : 200)
      t.equal((await ask('/staff/x', 'eve')).body, 'the page of staff')
      if (notFound === 'open') continue
      const refused = await ask('/deep/link')
      t.equal(refused.headers['www-authenticate'], 'Token')
      const detail = 'Authentication credentials were not provided.'
      t.match(refused.json(), errors === 'drf' ? { detail } : { code: 'AUTHTOKEN_NOT_AUTHENTICATED', message: detail })
    }
  })
}
