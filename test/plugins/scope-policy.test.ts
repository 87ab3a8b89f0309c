import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { tokenAuth } from '../../src/index.js'
import { authorizationOf, countingAuthenticator } from '../support/fixed-callers.js'

const answer = async () => 'let in'

async function build (): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(tokenAuth, { authenticator: countingAuthenticator(), defaultPermission: 'isAuthenticated' })
  return app
}

t.test('a policy of a scope holds for its routes and those below, route over scope over default, field by field', async (t) => {
  const app = await build()
  app.get('/', answer)
  app.register(async (scope) => {
    scope.get('/before', answer)
    scope.register(async (child) => {
      child.authtokenPolicy({ scope: 'a' })
      child.get('/', answer)
      child.get('/open', { config: { authtoken: { permission: 'allowAny', scope: null } } }, answer)
      child.get('/key', { config: { authtoken: { keywords: ['Key'] } } }, answer)
      child.get('/left', { config: { authtoken: false } }, answer)
    }, { prefix: '/child' })
    scope.authtokenPolicy({ permission: 'isAdminUser' })
    scope.get('/after', { config: { authtoken: { permission: 'isAuthenticated' } } }, answer)
  }, { prefix: '/admin' })
  for (const [url, authorization, status] of [
    ['/', authorizationOf('ann'), 200],
    ['/admin/before', undefined, 401], ['/admin/before', authorizationOf('ann'), 403], ['/admin/before', authorizationOf('eve'), 200],
    ['/admin/after', undefined, 401], ['/admin/after', authorizationOf('ann'), 200],
    ['/admin/child', authorizationOf('ann'), 403], ['/admin/child', authorizationOf('eve'), 200],
    ['/admin/child', authorizationOf('eve', 'admin+b'), 403], ['/admin/child', authorizationOf('eve', 'admin+a'), 200],
    ['/admin/child/open', undefined, 200], ['/admin/child/left', authorizationOf('nobody'), 200],
    ['/admin/child/key', authorizationOf('eve'), 401], ['/admin/child/key', 'Key eve', 200]
  ] as const) {
    const response = await app.inject({ url, headers: authorization === undefined ? {} : { authorization } })
    t.equal(response.statusCode, status, `${url} ${authorization}`)
  }
})

t.test("the scope's keywords are those of its not-found handler, too", async (t) => {
  const app = await build()
  app.register(async (scope) => {
    scope.authtokenPolicy({ keywords: ['Key'] })
    scope.setNotFoundHandler(async ({ user }) => user?.username ?? 'nobody')
  }, { prefix: '/keys' })
  const ask = async (authorization: string) => (await app.inject({ url: '/keys/x', headers: { authorization } })).body
  t.same([await ask('Key ann'), await ask('Token ann')], ['ann', 'nobody'])
})

t.test('a policy that can not be understood stops the start', async (t) => {
  for (const [policy, message] of [
    [{ permision: 'isAuthenticated' }, 'authtokenPolicy of /api.permision is not known; known are keywords, permission and scope'],
    [{ permission: 'x' }, 'authtokenPolicy of /api.permission must be one of allowAny, isAuthenticated, isAdminUser, isAuthenticatedOrReadOnly'],
    [{ scope: '' }, "authtokenPolicy of /api.scope must be one or more scopes with single spaces between them, as 'orders:read'"],
    [false, 'authtokenPolicy of /api must be an object with permission, scope or keywords'],
    [undefined, 'authtokenPolicy of /api must be an object with permission, scope or keywords']
  ] as const) {
    const app = await build()
    app.register(async (scope) => { scope.authtokenPolicy(policy as never) }, { prefix: '/api' })
    await t.rejects(async () => { await app.ready() }, { code: 'AUTHTOKEN_INVALID_SETTINGS', message })
  }
})

t.test('one policy a scope, and before the application is ready', async (t) => {
  const app = await build()
  app.authtokenPolicy({ scope: 'a' })
  t.throws(() => app.authtokenPolicy({ permission: 'allowAny' }), { message: /is declared already; give all its fields at once/ })
  await app.ready()
  t.throws(() => app.authtokenPolicy({ permission: 'allowAny' }), { message: /is declared too late/ })
})
