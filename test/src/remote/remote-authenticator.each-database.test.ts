import t from 'tap'
import { buildHost } from '../../support/applications.js'
import { makeUser } from '../../support/users.js'
import { play } from '../../support/permission-scenarios.js'
import { ask, buildRemoteHost, captureCaller, connect, startFront, startService } from '../../support/remote-service.js'

t.test('the scenarios hold in remote mode, with DRF keys and with access keys', async (t) => {
  const service = await startService(t)
  const { authtoken } = service
  const cast = {
    active: await makeUser(authtoken, 'active'),
    staff: await makeUser(authtoken, 'staff', { isStaff: true }),
    inactive: await makeUser(authtoken, 'inactive', { isActive: false })
  }
  const app = await buildRemoteHost(t, connect(t, service))
  await play(t, app, 'Token', { active: cast.active.token.key, staff: cast.staff.token.key, inactive: cast.inactive.token.key })

  const bearer = await buildRemoteHost(t, connect(t, service), { keywords: ['Bearer'] })
  const [active = '', staff = '', inactive = ''] = await Promise.all(Object.values(cast).map(async ({ user }) => (await authtoken.tokens.create(user)).key))
  await play(t, bearer, 'Bearer', { active, staff, inactive })
})

t.test('a caller is what it is where the database is, to the last field', async (t) => {
  const service = await startService(t)
  const { authtoken, settings } = service
  const app = await buildRemoteHost(t, connect(t, service))
  const local = await buildHost(t, { database: settings.DATABASE_URL, migrate: false })
  const [atRemote, atLocal] = [captureCaller(app), captureCaller(local)]

  const { user, token } = await makeUser(authtoken, 'ann', { email: 'ann@example.org', firstName: 'Ann', lastName: 'Öztürk', isStaff: true, isSuperuser: true })
  const old = await authtoken.tokens.create(user, { name: 'laptop', scope: 'orders:read tokens', expiresIn: 3_600 })
  const next = await authtoken.tokens.rotate(user, old.id, { grace: 600 })
  for (const key of [token.key, old.key, next?.key as string]) {
    const seen = await atRemote(key)
    const { auth: { hasScope, ...auth }, user } = seen as { user: object, auth: { hasScope (scope: string): boolean } }
    const { auth: { hasScope: _, ...localAuth }, user: localUser } = await atLocal(key) as typeof seen & { auth: { hasScope: unknown } }
    // The local application uses it later.
    t.strictSame({ ...auth, lastUsed: null }, { ...localAuth, lastUsed: null })
    t.strictSame(user, localUser)
    t.equal(hasScope('orders:read'), true)
    t.equal(hasScope('admin'), key === token.key)
  }
})

t.test('scopes of routes hold, with the same challenge', async (t) => {
  const service = await startService(t)
  const app = await buildRemoteHost(t, connect(t, service))
  app.get('/orders', { config: { authtoken: { scope: 'orders:read' } } }, async () => ({}))
  const { user } = await makeUser(service.authtoken, 'ann')
  const { key: good } = await service.authtoken.tokens.create(user, { scope: 'orders:read' })
  const { key: bad } = await service.authtoken.tokens.create(user, { scope: 'orders:write' })
  t.equal((await ask(app, good, '/orders')).statusCode, 200)
  const refused = await ask(app, bad, '/orders')
  t.equal(refused.statusCode, 403)
  t.equal(refused.headers['www-authenticate'], 'Token error="insufficient_scope", scope="orders:read"')
})

t.test('a handler may write to its user: the next request has the one that the service said', async (t) => {
  const service = await startService(t)
  const app = await buildRemoteHost(t, connect(t, service))
  const { token } = await makeUser(service.authtoken, 'ann')
  const caller = captureCaller(app)
  const first = await caller(token.key)
  if (first?.user == null) throw new Error('no user')
  first.user.username = 'changed'
  t.equal((await caller(token.key))?.user?.username, 'ann')
})

t.test('a service under a path, with a keyword and a prefix of its own', async (t) => {
  const service = await startService(t, { KEYWORDS: 'Bearer', TOKEN_PREFIX: 'acme' })
  const front = await startFront(t, service.port)
  const app = await buildRemoteHost(t, connect(t, service, { keyword: 'Bearer', prefix: 'acme', url: `${front.url}/base/` }))
  const { user } = await makeUser(service.authtoken, 'ann')
  const { key } = await service.authtoken.tokens.create(user)
  t.match(key, /^acme_/)
  t.same((await ask(app, key)).json(), { user: 'ann' })
})
