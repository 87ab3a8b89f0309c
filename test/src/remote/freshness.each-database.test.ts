import t from 'tap'
import { buildService } from '../../support/applications.js'
import { makeUser } from '../../support/users.js'
import { startProxy } from '../../support/tcp-proxy.js'
import { ask, buildRemoteHost, connect, startFront, startService } from '../../support/remote-service.js'
import { until } from '../../support/until.js'

const LONG = 600_000

t.test('what changes at the service holds at once, by its feed', async (t) => {
  const service = await startService(t)
  const { tokens, users } = service.authtoken
  const authenticator = connect(t, service, { ttlMs: LONG })
  const app = await buildRemoteHost(t, authenticator)
  app.get('/orders', { config: { authtoken: { scope: 'orders:read' } } }, async () => ({}))
  const { user, token } = await makeUser(service.authtoken, 'ann')
  const made = await tokens.create(user, { scope: 'orders:read' })
  await until(async () => (await ask(app, made.key)).statusCode === 200 && authenticator.statistics.watch === 'live', 'live')

  const becomes = async (status: number, key: string, url = '/protected') => await until(async () => (await ask(app, key, url)).statusCode === status, `${status} for ${url}`)
  await becomes(200, made.key, '/orders')
  await tokens.update(user, made.id, { scope: 'orders:write' })
  await becomes(403, made.key, '/orders')
  await tokens.update(user, made.id, { scope: 'orders:read' })
  await becomes(200, made.key, '/orders')

  await tokens.revoke(user, made.id)
  await becomes(401, made.key)
  t.same((await ask(app, made.key)).json(), { detail: 'Invalid token.' })

  await becomes(200, token.key)
  await users.update(user, { isActive: false })
  await becomes(401, token.key)
  t.same((await ask(app, token.key)).json(), { detail: 'User inactive or deleted.' })
  await users.update(user, { isActive: true })
  await becomes(200, token.key)
  await users.delete(user)
  await becomes(401, token.key)
  t.same((await ask(app, token.key)).json(), { detail: 'Invalid token.' })
})

t.test('without the feed, or where nothing comes through it, a token dies by its TTL', async (t) => {
  const service = await startService(t)
  const { tokens } = service.authtoken
  const front = await startFront(t, service.port)
  const feed = connect(t, service, { url: front.url, ttlMs: 500 })
  const apps = [await buildRemoteHost(t, feed), await buildRemoteHost(t, connect(t, service, { feed: false, ttlMs: 500 }))]
  const { user } = await makeUser(service.authtoken, 'ann')
  const { id, key } = await tokens.create(user)
  for (const app of apps) t.equal((await ask(app, key)).statusCode, 200)
  await until(() => feed.statistics.watch === 'live', 'live')
  front.isMute = true
  await tokens.revoke(user, id)
  for (const app of apps) await until(async () => (await ask(app, key)).statusCode === 401, 'dead')
})

t.test('a feed that broke goes on where it was: what was missed is told', async (t) => {
  const service = await startService(t)
  const { tokens } = service.authtoken
  const front = await startFront(t, service.port)
  const authenticator = connect(t, service, { url: front.url, ttlMs: LONG })
  const app = await buildRemoteHost(t, authenticator)
  const { user } = await makeUser(service.authtoken, 'ann')
  const [ended, kept, known] = await Promise.all(['ended', 'kept', 'known'].map((name) => tokens.create(user, { name })))
  if (ended === undefined || kept === undefined || known === undefined) throw new Error('no tokens')
  t.equal((await ask(app, known.key)).statusCode, 200)
  await until(() => authenticator.statistics.watch === 'live', 'live')
  // An event that was read: from there on it is resumed.
  await tokens.revoke(user, known.id)
  await until(async () => (await ask(app, known.key)).statusCode === 401, 'the first is dead')
  for (const { key } of [ended, kept]) t.equal((await ask(app, key)).statusCode, 200)
  const { batches } = authenticator.statistics

  front.isMute = true
  await tokens.revoke(user, ended.id)
  const [feed] = front.feeds
  front.isMute = false
  feed?.destroy()
  await until(async () => (await ask(app, ended.key)).statusCode === 401, 'the second is dead')
  t.equal((await ask(app, kept.key)).statusCode, 200)
  t.ok(authenticator.statistics.batches > batches)
})

t.test('a feed that is silent counts as broken', async (t) => {
  const service = await startService(t)
  const proxy = await startProxy(service.port)
  t.teardown(() => proxy.close())
  const authenticator = connect(t, service, { url: `http://127.0.0.1:${proxy.port}`, ttlMs: LONG })
  const { user } = await makeUser(service.authtoken, 'ann')
  const { id, key } = await service.authtoken.tokens.create(user)
  const app = await buildRemoteHost(t, authenticator)
  t.equal((await ask(app, key)).statusCode, 200)
  await until(() => authenticator.statistics.watch === 'live', 'live')
  proxy.cut()
  await service.authtoken.tokens.revoke(user, id)
  await until(() => authenticator.statistics.watch === 'lost', 'lost')
  proxy.forget()
  await until(async () => (await ask(app, key)).statusCode === 401, 'dead')
})

t.test('while the service is away what is remembered holds until its TTL; then 503, and never 401', async (t) => {
  const service = await startService(t)
  const { token } = await makeUser(service.authtoken, 'ann')
  const log: string[] = []
  const authenticator = connect(t, service, { ttlMs: LONG })
  const [patient, brief] = [await buildRemoteHost(t, authenticator), await buildRemoteHost(t, connect(t, service, { ttlMs: 50 }), {}, log)]
  for (const app of [patient, brief]) t.equal((await ask(app, token.key)).statusCode, 200)
  // What is told when a feed and a listener begin must not come later.
  await until(() => authenticator.statistics.watch === 'live' && service.authtoken.authenticator.statistics.watch === 'live', 'live')
  const other = await makeUser(service.authtoken, 'bob')
  t.equal((await ask(patient, other.token.key)).statusCode, 200)
  await service.authtoken.tokens.replace(other.user)
  await until(async () => (await ask(patient, other.token.key)).statusCode === 401, 'told')
  for (const app of [patient, brief]) t.equal((await ask(app, token.key)).statusCode, 200)
  await service.server.close()

  t.equal((await ask(patient, token.key)).statusCode, 200)
  const statuses = new Set<number>()
  await until(async () => statuses.add((await ask(brief, token.key)).statusCode).has(503), '503')
  t.notOk(statuses.has(401))
  for (const [app, key] of [[brief, token.key], [patient, '0'.repeat(40)]] as const) {
    const answer = await ask(app, key)
    t.equal(answer.statusCode, 503)
    t.equal(answer.headers['retry-after'], '1')
    t.equal(answer.headers['www-authenticate'], undefined)
    t.same(answer.json(), { detail: 'Service temporarily unavailable, try again later.' })
  }
  t.match(log.join(''), 'the service can not be reached')
  t.notMatch(log.join(''), token.key)
  t.notMatch(log.join(''), service.introspector.key)

  const again = await buildService(t, { DATABASE_URL: service.settings.DATABASE_URL })
  await again.server.listen({ port: service.port, host: '127.0.0.1' })
  for (const app of [patient, brief]) {
    await until(async () => (await ask(app, token.key)).statusCode === 200, 'it works again')
    t.equal((await ask(app, '0'.repeat(40))).statusCode, 401)
  }
})

t.test('a token that ends by itself ends in what is remembered too', async (t) => {
  const service = await startService(t)
  const { user } = await makeUser(service.authtoken, 'ann')
  const { key } = await service.authtoken.tokens.create(user, { expiresIn: 2 })
  const app = await buildRemoteHost(t, connect(t, service, { ttlMs: LONG }))
  t.equal((await ask(app, key)).statusCode, 200)
  await service.server.close()
  await until(async () => (await ask(app, key)).statusCode !== 200, 'over')
  t.equal((await ask(app, key)).statusCode, 503, 'it is asked for again, since it may have been prolonged')
})
