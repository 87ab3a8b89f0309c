import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { tokenAuth } from '../../src/index.js'
import { authorizationOf, countingAuthenticator } from '../support/fixed-callers.js'

const answer = async () => 'let in'
const HOOKS = ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const

async function build (declare: (app: FastifyInstance) => void = () => {}) {
  const app = Fastify()
  const authenticator = countingAuthenticator()
  await app.register(tokenAuth, { authenticator })
  declare(app)
  const ask = async (url: string, authorization?: string) =>
    (await app.inject({ url, headers: authorization === undefined ? {} : { authorization } })).statusCode
  return { app, authenticator, ask }
}

for (const hook of HOOKS) {
  t.test(`permission functions as ${hook} hooks of a scope find the caller, once`, async (t) => {
    const { authenticator, ask } = await build((app) => {
      app.register(async (scope) => {
        scope.addHook(hook as 'preHandler', scope.verifyToken)
        scope.addHook(hook as 'preHandler', scope.requireScope('a'))
        scope.get('/any', answer)
        scope.get('/staff', { config: { authtoken: { permission: 'isAdminUser' } } }, answer)
        scope.get('/key', { config: { authtoken: { keywords: ['Key'] } } }, answer)
        scope.get('/left', { config: { authtoken: false } }, answer)
      })
      app.get('/outside', answer)
    })
    for (const [url, authorization, status] of [
      ['/any', undefined, 401], ['/any', authorizationOf('ann'), 200], ['/any', authorizationOf('nobody'), 401],
      ['/any', authorizationOf('ann', 'a'), 200], ['/any', authorizationOf('ann', 'b'), 403],
      ['/staff', undefined, 401], ['/staff', authorizationOf('ann'), 403], ['/staff', authorizationOf('eve'), 200],
      ['/key', authorizationOf('ann'), 401], ['/key', 'Key ann', 200],
      ['/left', authorizationOf('eve'), 401], ['/outside', undefined, 200]
    ] as const) t.equal(await ask(url, authorization), status, `${url} ${authorization}`)
    const before = authenticator.lookUps
    await ask('/staff', authorizationOf('eve'))
    await ask('/any', authorizationOf('nobody'))
    t.equal(authenticator.lookUps - before, 2)
  })
}

t.test('@fastify/auth as a hook of the instance', async (t) => {
  const { ask, authenticator } = await build((app) => {
    app.addHook('onRequest', app.auth([app.isAdminUser, (request, _reply, done) => done(request.url === '/door' ? undefined : new Error('shut'))]))
    app.get('/', answer)
    app.get('/door', answer)
  })
  t.equal(await ask('/', authorizationOf('eve')), 200)
  t.not(await ask('/', authorizationOf('ann')), 200)
  t.not(await ask('/'), 200)
  t.equal(await ask('/door', authorizationOf('ann')), 200)
  const before = authenticator.lookUps
  t.equal(await ask('/door', authorizationOf('nobody')), 401, 'bad credentials are refused by the route all the same')
  t.equal(authenticator.lookUps - before, 1, 'and looked up once')
})

t.test('one scope does not find the callers of another', async (t) => {
  const app = Fastify()
  let foreign: FastifyInstance['verifyToken'] | undefined
  app.register(async (one) => {
    await one.register(tokenAuth, { authenticator: countingAuthenticator() })
    foreign = one.verifyToken
  })
  app.register(async (scope) => { scope.get('/', { onRequest: (request, reply, done) => foreign?.(request, reply, done) }, answer) })
  app.setNotFoundHandler({ preHandler: (request, reply, done) => foreign?.(request, reply, done) }, answer)
  for (const url of ['/', '/missing']) {
    t.equal((await app.inject({ url, headers: { authorization: authorizationOf('eve') } })).statusCode, 401, url)
  }
})

for (const hook of ['preValidation', 'preHandler'] as const) {
  t.test(`permission functions as ${hook} of a not-found handler, which knows the caller`, async (t) => {
    const { app, authenticator, ask } = await build((app) => {
      app.setNotFoundHandler({ [hook]: app.isAuthenticated }, async (request) => ({ name: request.user?.username, scope: request.auth?.scope }))
      app.get('/gone', async (_request, reply) => { reply.callNotFound() })
      app.register(async (scope) => {
        scope.setNotFoundHandler(async (request) => ({ below: request.user?.username ?? null }))
      }, { prefix: '/below' })
    })
    t.same([await ask('/missing'), await ask('/missing', authorizationOf('nobody'))], [401, 401])
    const before = authenticator.lookUps
    const found = await app.inject({ url: '/missing', headers: { authorization: authorizationOf('ann') } })
    t.same(found.json(), { name: 'ann', scope: '*' })
    t.equal(authenticator.lookUps - before, 1)
    const below = async (name: string) => (await app.inject({ url: '/below/x', headers: { authorization: authorizationOf(name) } })).json()
    t.same([await below('ann'), await below('nobody')], [{ below: 'ann' }, { below: null }])
  })
}
