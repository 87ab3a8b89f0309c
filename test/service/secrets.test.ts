import t from 'tap'
import { buildService, makeLogin } from '../helpers.js'

t.test('no token, password or hash reaches the log or an error, whatever is sent', async (t) => {
  const { server, authtoken, log } = await buildService(t, { LOG_LEVEL: 'trace' })
  const root = await makeLogin(authtoken, 'root', { isSuperuser: true })
  const ann = await makeLogin(authtoken, 'ann')
  const passwords = ['root-pass-1', 'ann-pass-1', 'new-s3cret-1', 'wrong-s3cret-1', 's3cret-in-broken-json']
  const { authorization } = root
  const json = { 'content-type': 'application/json' }
  const errors: string[] = []

  async function everything (): Promise<void> {
    for (const request of [
      { url: '/users/me/', headers: { authorization } },
      { url: '/users/me/', headers: { authorization: `${authorization} ${ann.token.key}` } },
      { url: `/users/me/?token=${ann.token.key}`, headers: { authorization: 'Token wrong-s3cret-1' } },
      { url: `/users/${ann.token.key}/`, headers: { authorization } },
      { url: `/${ann.token.key}`, headers: { authorization } },
      { url: `/%zz/${ann.token.key}` },
      { url: '/users/?search=ann-pass-1', headers: { authorization } },
      { method: 'POST', url: '/api-token-auth/', payload: { username: 'ann', password: 'ann-pass-1' } },
      { method: 'POST', url: '/api-token-auth/', payload: { username: 'ann', password: 'wrong-s3cret-1' } },
      { method: 'POST', url: '/api-token-auth/', payload: { username: ann.token.key, password: ['ann-pass-1'] } },
      { method: 'POST', url: '/api-token-auth/', headers: json, payload: '{"password":"s3cret-in-broken-json' },
      { method: 'POST', url: '/api-token-auth/', headers: { 'content-type': 's3cret-in-broken-json' }, payload: 'x' },
      { method: 'POST', url: '/users/', headers: { authorization }, payload: { username: 'new', password: 'new-s3cret-1' } },
      { method: 'POST', url: '/users/', headers: { authorization }, payload: { username: 'new', password: 'new-s3cret-1', extra: 'ann-pass-1' } },
      { method: 'POST', url: '/users/', headers: { ...json, authorization }, payload: '{"password":"s3cret-in-broken-json' },
      { method: 'PATCH', url: '/users/ann/', headers: { authorization }, payload: { password: 'new-s3cret-1' } },
      { method: 'PATCH', url: '/users/ann/', headers: { authorization }, payload: { password: 'ann-pass-1' } },
      { method: 'DELETE', url: '/users/new/', headers: { authorization } }
    ] as const) {
      const response = await server.inject(request as never)
      if (response.statusCode >= 400 && response.statusCode !== 415) errors.push(response.body)
    }
  }

  await everything()
  authtoken.database.close()
  await everything()

  const written = log.join('') + errors.join('')
  t.match(written, 'login refused')
  t.match(written, 'request failed')
  for (const secret of [...passwords, root.token.key, ann.token.key, 'argon2$']) t.notOk(written.includes(secret), `${secret.slice(0, 6)}… is nowhere`)
})
