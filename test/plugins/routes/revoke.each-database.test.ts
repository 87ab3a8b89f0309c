import t, { type Test } from 'tap'
import { buildService } from '../../support/applications.js'
import { makeUser } from '../../support/users.js'

async function setUp (t: Test, env: NodeJS.ProcessEnv = {}) {
  const service = await buildService(t, env)
  const { authtoken, server } = service
  const [ann, bob, staff, root] = [await makeUser(authtoken, 'ann'), await makeUser(authtoken, 'bob'), await makeUser(authtoken, 'staff', { isStaff: true }), await makeUser(authtoken, 'root', { isSuperuser: true })]
  const revoke = (token: string, authorization: string, more = '') => server.inject({
    method: 'POST', url: '/revoke', payload: `${new URLSearchParams({ token })}${more}`, headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' }
  })
  const isAlive = async (key: string) => (await server.inject({ url: '/users/me', headers: { authorization: `Token ${key}` } })).statusCode === 200
  return { ...service, ann, bob, staff, root, revoke, isAlive, tokens: authtoken.tokens }
}

t.test('a token of the caller\'s ends, of either kind, whatever the scope of the one that asks', async (t) => {
  const { revoke, isAlive, tokens, ann } = await setUp(t)
  const narrow = await tokens.create(ann.user, { scope: 'orders:read' })
  const other = await tokens.create(ann.user)
  for (const key of [other.key, ann.token.key, narrow.key]) {
    t.ok(await isAlive(key))
    const response = await revoke(key, `Token ${narrow.key}`, '&token_type_hint=access_token')
    t.equal(response.statusCode, 200)
    t.equal(response.body, '')
    t.equal(response.headers['cache-control'], 'no-store')
    t.notOk(await isAlive(key))
  }
})

t.test('what is nobody\'s, or somebody else\'s, is answered alike, and goes on', async (t) => {
  const { revoke, isAlive, ann, bob } = await setUp(t)
  for (const key of [bob.token.key, 'nonsense', 'a\0b', `drf-${bob.user.id}`]) {
    const response = await revoke(key, ann.authorization)
    t.equal(response.statusCode, 200)
    t.equal(response.body, '')
  }
  t.ok(await isAlive(bob.token.key))
})

t.test('an administrator ends any, with a token that may', async (t) => {
  const { revoke, isAlive, tokens, bob, root, staff } = await setUp(t)
  const narrow = await tokens.create(root.user, { scope: 'orders:read' })
  const access = await tokens.create(bob.user)
  for (const authorization of [`Token ${narrow.key}`, staff.authorization]) await revoke(access.key, authorization)
  t.ok(await isAlive(access.key))
  for (const key of [access.key, bob.token.key, staff.token.key]) {
    await revoke(key, root.authorization)
    t.notOk(await isAlive(key))
  }
})

t.test('staff that administers does not end a superuser\'s', async (t) => {
  const { revoke, isAlive, bob, root, staff } = await setUp(t, { ADMINISTRATORS: 'staff' })
  await revoke(root.token.key, staff.authorization)
  t.ok(await isAlive(root.token.key))
  await revoke(bob.token.key, staff.authorization)
  t.notOk(await isAlive(bob.token.key))
})

t.test('a token that is disabled, or its user\'s, ends all the same', async (t) => {
  const { revoke, tokens, authtoken, ann, bob, root } = await setUp(t)
  const token = await tokens.create(ann.user)
  await tokens.update(ann.user, token.id, { disabled: true })
  await revoke(token.key, ann.authorization)
  t.equal(await tokens.get(ann.user, token.id), null)
  await authtoken.users.setActive(bob.user, false)
  await revoke(bob.token.key, root.authorization)
  t.equal(await tokens.find(bob.user), null)
})

t.test('a DRF token that was replaced meanwhile is not ended in the place of the one before', async (t) => {
  const { tokens, ann } = await setUp(t)
  const found = await tokens.locate(ann.token.key)
  t.same(found, { id: `drf-${ann.user.id}`, owner: { id: ann.user.id } })
  const { key } = await tokens.replace(ann.user)
  t.equal(await tokens.revoke(ann.user, `drf-${ann.user.id}`, ann.token.key), false)
  t.equal((await tokens.find(ann.user))?.key, key)
})

t.test('who is not authenticated ends nothing, and a bad request neither', async (t) => {
  const { server, ann, isAlive } = await setUp(t)
  const send = (payload: string | object, headers: Record<string, string>) => server.inject({ method: 'POST', url: '/revoke', payload, headers })
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const token = `token=${ann.token.key}`
  t.equal((await send(token, type)).statusCode, 401)
  t.equal((await send(token, { ...type, authorization: 'Token nonsense' })).statusCode, 401)
  for (const [payload, headers] of [['', type], [`${token}&${token}`, type], [`token=${'a'.repeat(100_000)}`, type], [{ token: ann.token.key }, {}]] as const) {
    const response = await send(payload, { authorization: ann.authorization, ...headers })
    t.equal(response.statusCode, 400)
    t.match(response.json(), { error: 'invalid_request', error_description: String })
  }
  t.equal((await server.inject({ url: `/revoke?${token}`, headers: { authorization: ann.authorization } })).statusCode, 405)
  t.ok(await isAlive(ann.token.key))
})

t.test('where the database is away the client must take the token to be alive', async (t) => {
  const { revoke, ann, authtoken } = await setUp(t)
  await revoke('x', ann.authorization)
  await authtoken.database.close()
  const response = await revoke(ann.token.key, ann.authorization)
  t.equal(response.statusCode, 503)
  t.equal(response.headers['retry-after'], '1')
})
