import t from 'tap'
import { buildService } from '../../support/applications.js'
import { CALLER_CHANGES, rowsOf, unseal } from '../../support/caller-changes.js'
import { ADMINISTRATOR, type Ask, hold } from '../../support/held-request.js'
import { makeUser } from '../../support/users.js'

const json = (method: string, path: string, body: object = {}): Ask => ({ method, path, body: JSON.stringify(body) })

// `other` is the caller's other token, `bob` another user, `bobs` a token of that user.
const WRITES: Array<(names: { other: string, bob: string, bobs: string }) => Ask> = [
  () => json('POST', '/tokens/'),
  ({ other }) => json('PATCH', `/tokens/${other}/`, { disabled: true }),
  ({ other }) => json('POST', `/tokens/${other}/rotate/`, { grace: 60 }),
  ({ other }) => json('DELETE', `/tokens/${other}/`),
  () => json('PATCH', '/tokens/current/', { disabled: false, scope: '*', name: 'mine' }),
  () => json('POST', '/tokens/current/rotate/'),
  () => json('DELETE', '/tokens/current/'),
  () => json('DELETE', '/tokens/'),
  () => json('DELETE', '/tokens/?keep=current'),
  ({ bob }) => json('POST', '/users/', { username: `${bob}-friend`, password: 'correct horse battery', is_superuser: true }),
  ({ bob }) => json('PATCH', `/users/${bob}/`, { is_superuser: true }),
  ({ bob }) => json('PATCH', `/users/${bob}/`, { password: 'correct horse battery' }),
  ({ bob }) => json('DELETE', `/users/${bob}/`),
  ({ bob }) => json('POST', `/users/${bob}/tokens/`),
  ({ bob }) => json('DELETE', `/users/${bob}/tokens/`),
  ({ bobs }) => ({ method: 'POST', path: '/revoke', body: `token=${bobs}`, type: 'application/x-www-form-urlencoded' })
]

t.setTimeout(180_000)

t.test('a request that is held back does nothing once its caller may not', { timeout: 180_000 }, async (t) => {
  const { server, authtoken } = await buildService(t)
  await server.listen({ port: 0, host: '127.0.0.1' })
  let cases = 0
  for (const [change, { kinds, status, make }] of Object.entries(CALLER_CHANGES)) {
    for (const kind of kinds) {
      for (const write of WRITES) {
        const root = await makeUser(authtoken, `root${++cases}`, ADMINISTRATOR)
        const bob = await makeUser(authtoken, `bob${cases}`)
        const access = await authtoken.tokens.create(root.user)
        const other = await authtoken.tokens.create(root.user, { scope: 'orders:read' })
        const token = kind === 'drf' ? root.token : access
        const authorization = `Token ${token.key}`
        const ask = write({ other: other.id, bob: bob.user.username, bobs: bob.token.key })
        t.equal((await server.inject({ url: '/users/me', headers: { authorization } })).statusCode, 200)

        const finish = await hold(server, ask, authorization)
        await make(authtoken, { user: root.user, token })
        const before = await rowsOf(authtoken)
        const what = `${ask.method} ${ask.path} ${ask.body}, token ${kind}, ${change}`
        // RFC 7009: of tokens that are not the caller's own nothing is told.
        t.equal(await finish(), ask.path === '/revoke' && change.endsWith('demoted') ? 200 : status, what)
        t.strictSame(await rowsOf(authtoken), before, what)
        await unseal(authtoken)
      }
    }
  }
  t.equal(cases, 16 * 14)
})

t.test('what is held back is done where nothing changed', async (t) => {
  const { server, authtoken } = await buildService(t)
  await server.listen({ port: 0, host: '127.0.0.1' })
  for (const [number, write] of WRITES.entries()) {
    const root = await makeUser(authtoken, `root${number}`, ADMINISTRATOR)
    const bob = await makeUser(authtoken, `bob${number}`)
    const other = await authtoken.tokens.create(root.user, { scope: 'orders:read' })
    const { key } = await authtoken.tokens.create(root.user)
    const ask = write({ other: other.id, bob: bob.user.username, bobs: bob.token.key })
    const before = await rowsOf(authtoken)
    const status = await (await hold(server, ask, `Token ${key}`))()
    t.match(String(status), /^20[014]$/, `${ask.method} ${ask.path}`)
    t.strictNotSame(await rowsOf(authtoken), before, `${ask.method} ${ask.path}`)
  }
})
