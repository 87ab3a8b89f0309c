import Fastify from 'fastify'
import t from 'tap'
import authtoken from '../../src/index.js'
import { actingAs } from '../../src/testing.js'
import { buildHost } from '../support/applications.js'

t.test('a test asks as a user who needs no row in the database', async (t) => {
  const app = await buildHost(t)
  app.get('/me', async ({ user, auth }) => ({ user: user?.username ?? null, scope: auth?.scope, kind: auth?.kind }))
  app.get('/orders', { config: { authtoken: { scope: 'orders:read' } } }, async () => 'orders')
  app.get('/staff', { config: { authtoken: { permission: 'isAdminUser' } } }, async () => 'staff')
  app.get('/bearer', { config: { authtoken: { permission: 'isAuthenticated', keywords: ['Bearer'] } } }, async () => 'bearer')
  const status = async (url: string, headers: { authorization: string }) => (await app.inject({ url, headers })).statusCode

  const ann = actingAs(app, { username: 'ann' }, { scope: 'orders:read' })
  const staff = actingAs(app, { username: 'boss', isStaff: true })
  t.same((await app.inject({ url: '/me', headers: ann })).json(), { user: 'ann', scope: 'orders:read', kind: 'access' })
  t.same((await app.inject({ url: '/me', headers: staff })).json(), { user: 'boss', scope: '*', kind: 'access' })
  t.same((await app.inject('/me')).json(), { user: null })
  t.same([await status('/orders', ann), await status('/orders', actingAs(app, {}, { scope: '' })), await status('/staff', staff), await status('/staff', ann)], [200, 403, 200, 403])
  t.equal(await status('/bearer', actingAs(app, {}, { keyword: 'Bearer' })), 200)
  t.equal(await status('/me', actingAs(app, { isActive: false })), 401)

  const user = await app.authtoken.users.create({ username: 'real', password: null })
  const { key } = await app.authtoken.tokens.getOrCreate(user)
  t.equal(await status('/me', { authorization: `Token ${key}` }), 200, 'real tokens go on')
  t.equal(await status('/me', { authorization: 'Token testing-0' }), 401)
  const other = await buildHost(t)
  other.get('/me', async () => 'me')
  t.equal((await other.inject({ url: '/me', headers: ann })).statusCode, 401, 'for this application alone')
})

t.test('it works with any authenticator, and says what is wrong', async (t) => {
  const app = Fastify()
  await app.register(authtoken, { authenticator: { authenticate: () => null } })
  app.get('/me', { config: { authtoken: { permission: 'isAuthenticated' } } }, async () => 'me')
  t.equal((await app.inject({ url: '/me', headers: actingAs(app) })).statusCode, 200)
  t.throws(() => actingAs(app, {}, { scope: 'a  b' }), { message: /scope must be/ })
  t.throws(() => actingAs(Fastify()), { message: /register fastify-authtoken first/ })
})
