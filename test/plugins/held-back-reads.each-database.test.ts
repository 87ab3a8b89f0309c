import t, { type Test } from 'tap'
import { buildHost, buildService } from '../support/applications.js'
import { hold } from '../support/held-request.js'
import { makeUser } from '../support/users.js'

const ask = (path: string) => ({ method: 'POST', path, body: '{"a":1}' })

async function startHost (t: Test) {
  const app = await buildHost(t)
  const read: Array<string | undefined> = []
  const handler = async ({ user, auth }: { user: unknown, auth: { scope: string } | null }) => {
    read.push((user as { email?: string } | null)?.email, auth?.scope)
    return {}
  }
  app.post('/open', handler)
  app.post('/callers', { config: { authtoken: { permission: 'isAuthenticated' } } }, handler)
  app.post('/staff', { config: { authtoken: { permission: 'isAdminUser' } } }, handler)
  app.post('/orders', { config: { authtoken: { scope: 'orders:read' } } }, handler)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, read }
}

t.test('who is not the caller any more when the body has come reads nothing', { timeout: 120_000 }, async (t) => {
  const { app, read } = await startHost(t)
  const { users, tokens } = app.authtoken
  const changes = {
    nothing: { make: async () => {}, callers: 200, staff: 200, orders: 200 },
    'the token revoked': { make: ({ user, token }: Made) => tokens.revoke(user, token.id), callers: 401, staff: 401, orders: 401 },
    'the token disabled': { make: ({ user, token }: Made) => tokens.update(user, token.id, { disabled: true }), callers: 401, staff: 401, orders: 401 },
    'the token narrowed': { make: ({ user, token }: Made) => tokens.update(user, token.id, { scope: 'admin' }), callers: 200, staff: 200, orders: 403 },
    'the user deactivated': { make: ({ user }: Made) => users.setActive(user, false), callers: 401, staff: 401, orders: 401 },
    'the user demoted': { make: ({ user }: Made) => users.update(user, { isStaff: false }), callers: 200, staff: 403, orders: 200 }
  }
  let number = 0
  for (const [change, { make, callers, staff, orders }] of Object.entries(changes)) {
    for (const [path, status] of Object.entries({ '/open': callers, '/callers': callers, '/staff': staff, '/orders': orders })) {
      const { user } = await makeUser(app.authtoken, `ann${++number}`, { isStaff: true })
      const token = await tokens.create(user)
      const finish = await hold(app, ask(path), `Token ${token.key}`)
      await make({ user, token })
      const before = read.length
      t.equal(await finish(), status, `${path}, ${change}`)
      t.equal(read.length, status === 200 ? before + 2 : before, `${path}, ${change}: the handler`)
    }
  }
})

type Made = { user: Awaited<ReturnType<typeof makeUser>>['user'], token: { id: string } }

t.test('what a handler reads of its caller is what it is when the body has come', async (t) => {
  const { app, read } = await startHost(t)
  const { users, tokens } = app.authtoken
  const { user } = await makeUser(app.authtoken, 'ann')
  const token = await tokens.create(user)
  const finish = await hold(app, ask('/open'), `Token ${token.key}`)
  await users.update(user, { email: 'ann@example.org' })
  await tokens.update(user, token.id, { scope: 'orders:read' })
  t.equal(await finish(), 200)
  t.same(read, ['ann@example.org', 'orders:read'])
})

t.test('the service tells nothing of tokens to who may not ask any more', async (t) => {
  const { server, authtoken } = await buildService(t)
  await server.listen({ port: 0, host: '127.0.0.1' })
  for (const path of ['/introspect', '/introspect/batch']) {
    const { user, token } = await makeUser(authtoken, `root${path.length}`, { isSuperuser: true })
    const body = path === '/introspect' ? `token=${token.key}` : JSON.stringify({ tokens: [token.key] })
    const type = path === '/introspect' ? 'application/x-www-form-urlencoded' : 'application/json'
    const held = { method: 'POST', path, body, type }
    t.equal(await (await hold(server, held, `Token ${token.key}`))(), 200)
    const finish = await hold(server, held, `Token ${token.key}`)
    await authtoken.users.update(user, { isSuperuser: false })
    t.equal(await finish(), 403, path)
  }
})
