import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import t, { type Test } from 'tap'
import type { IssuedToken } from '../../../src/identity/identity.js'
import { buildService } from '../../support/applications.js'
import { makeLogin } from '../../support/users.js'

const PASSWORDS = ['root-pass-1', 'ann-pass-1', 'bob-pass-1', 'new-s3cret-1', 'wrong-s3cret-1', 's3cret-in-broken-json']

/** The service with root, ann and bob, every token that it issues, and all that it says to whom it has no business to say it. */
async function watched (t: Test) {
  const service = await buildService(t, { LOG_LEVEL: 'trace', TOKEN_LIMIT: '0', DATABASE_CONNECT_TIMEOUT_MS: '30000', DATABASE_QUERY_TIMEOUT_MS: '30000', REQUEST_TIMEOUT_MS: '600000' })
  const { server, authtoken, log } = service
  const secrets = new Set(PASSWORDS)
  const said: string[] = []
  const learn = (key: string) => {
    secrets.add(key)
    secrets.add(createHash('sha256').update(key).digest('hex'))
    return key
  }
  const users = {
    root: (await makeLogin(authtoken, 'root', { isSuperuser: true })).user,
    ann: (await makeLogin(authtoken, 'ann')).user,
    bob: (await makeLogin(authtoken, 'bob')).user
  }

  /** Keeps all of an answer but the one token that it issues. */
  function keep (what: string, { statusCode, headers, body }: Pick<LightMyRequestResponse, 'statusCode' | 'headers' | 'body'>): void {
    said.push(`${what}: ${statusCode} ${JSON.stringify(headers)}`)
    if (statusCode >= 300 || !body.startsWith('{')) {
      said.push(`${what}: ${body}`)
      return
    }
    const { token, ...rest } = JSON.parse(body)
    if (typeof token === 'string') learn(token)
    said.push(`${what}: ${JSON.stringify(typeof token === 'string' ? rest : { ...rest, token })}`)
  }

  return {
    ...service,
    keep,
    users,
    /** A user's DRF token, or a new access token. */
    async key (username: keyof typeof users, kind: 'drf' | 'access', scope = '*') {
      const made = kind === 'drf' ? await authtoken.tokens.getOrCreate(users[username]) : await authtoken.tokens.create(users[username], { scope })
      learn(made.key)
      return made
    },
    async send (request: InjectOptions): Promise<LightMyRequestResponse> {
      const response = await server.inject(request)
      keep(`${request.method} ${String(request.url).split(/[?]/)[0]?.replace(/[0-9a-f]{40,}|fat_\w+/g, '…')}`, response)
      return response
    },
    /** Where a secret stands, without it; in what came since the last time. */
    leaks (): string[] {
      const found = new Set<string>()
      for (const [where, lines] of Object.entries({ log, said })) {
        for (const line of lines.splice(0)) {
          for (const secret of secrets) {
            if (!line.includes(secret)) continue
            found.add(`${where}: ${[...secrets].reduce((text, one) => text.replaceAll(one, '<SECRET>'), line).slice(0, 400)}`)
          }
        }
      }
      return [...found]
    }
  }
}

type Watched = Awaited<ReturnType<typeof watched>>

/** Every path and method of the description, with good, bad and broken input, and secrets wherever they do not belong. */
async function sendEverything ({ server, authtoken, key, send, users }: Watched, isOpen: boolean, keys: { drf: IssuedToken, access: IssuedToken }): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  const { paths } = (await server.inject('/openapi.json')).json() as { paths: Record<string, Record<string, unknown>> }
  // A closed database makes none any more.
  const spare = isOpen ? null : keys
  const json = { 'content-type': 'application/json' }
  const fresh = async (username: keyof typeof users, kind: 'drf' | 'access', scope?: string) => spare?.[kind] ?? await key(username, kind, scope)

  async function restore (): Promise<void> {
    if (!isOpen) return
    for (const name of ['ann', 'bob'] as const) {
      users[name] = await authtoken.users.findByUsername(name) ?? await authtoken.users.create({ username: name, password: null }, { validate: false })
    }
    const left = await authtoken.users.findByUsername('new')
    if (left !== null) await authtoken.users.delete(left)
  }

  for (const [path, methods] of Object.entries(paths)) {
    for (const method of [...Object.keys(methods), 'put', 'options']) {
      for (const asker of ['root drf', 'root access', 'ann drf', 'ann access', 'ann narrow', 'nobody', 'twice', 'digest', 'broken']) {
        await restore()
        const [name, kind] = asker.split(' ')
        const caller = await fresh(name === 'ann' ? 'ann' : 'root', kind === 'drf' ? 'drf' : 'access', kind === 'narrow' ? 'tokens' : '*')
        const target = await fresh(name === 'ann' && path.startsWith('/tokens') ? 'ann' : name === 'root' && path.startsWith('/tokens') ? 'root' : 'bob', 'access')
        const drf = await fresh('bob', 'drf')
        const digest = createHash('sha256').update(target.key).digest('hex')
        const wrong: Record<string, string> = { twice: `${caller.key} ${target.key}`, digest, broken: `${caller.key.slice(0, -1)}-` }
        const headers = asker === 'nobody' ? {} : { authorization: `Token ${wrong[asker] ?? caller.key}` }
        const urls: [string, ...string[]] = [
          path.replace('{username}', 'bob').replace('{id}', target.id),
          path.replace('{username}', target.key).replace('{id}', target.key),
          path.replace('{username}', drf.key).replace('{id}', drf.key),
          path.replace('{username}', 'bob').replace('{id}', digest),
          path.replace('{username}', 'bob').replace('{id}', `${target.key}%zz`)
        ]
        const bodies: InjectOptions[] = method === 'get'
          ? [{}, { query: { page: target.key, page_size: drf.key } }, { query: { search: target.key } }, { query: { scope: target.key, staff: drf.key } }]
          : [
              { payload: { username: 'bob', password: 'bob-pass-1' } },
              { payload: { username: 'new', password: 'new-s3cret-1' } },
              { payload: { username: 'bob', password: 'wrong-s3cret-1', scope: `"${target.key}` } },
              { payload: {} },
              { payload: { grace: 60 } },
              { payload: { grace: target.key, scope: [drf.key], name: [target.key], expires_in: target.key, disabled: drf.key } },
              // A scope is the client's own where it is granted.
              ...(asker === 'ann narrow' ? [{ payload: { scope: `admin ${target.key}` } }] : []),
              { payload: { keep: target.key, token: drf.key } },
              { payload: { is_active: target.key, email: target.key } },
              { headers: json, payload: `{"token":"${target.key}","password":"s3cret-in-broken-json` },
              { headers: json, payload: `["${target.key}"]` },
              { headers: json, payload: target.key },
              { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: `username=${target.key}&password=wrong-s3cret-1&x=%zz` },
              { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: `token=${target.key}` },
              { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: `token=${target.key}&token=${drf.key}` },
              { payload: { tokens: [target.key, drf.key], identity: true } },
              { payload: { tokens: [target.key, 1], [drf.key]: target.key } },
              { headers: { 'content-type': 'application/octet-stream' }, payload: target.key },
              { query: { keep: target.key, token: drf.key } }
            ]
        // One of each: all of the bodies at the first address, all of the addresses with the first body.
        const requests: Array<InjectOptions & { url: string }> = [...bodies.map((body) => ({ ...body, url: urls[0] })), ...urls.slice(1).map((url) => ({ ...bodies[0], url }))]
        // Who is refused before anything is read needs less.
        const isRefused = kind === undefined || !(method in methods) || (name === 'ann' && path.startsWith('/users'))
        for (const request of isRefused ? requests.filter((_, index) => index % 4 === 0) : requests) {
          // Each login would be hashed; ann's and root's say nothing that bob's does not.
          // A stream that goes on; what is in it is told elsewhere.
          if (path === '/revocations' && method === 'get' && name === 'root') continue
          if (path === '/api-token-auth' && asker !== 'nobody' && method === 'post' && request.payload === bodies[0]?.payload) continue
          const { statusCode } = await send({ method: method.toUpperCase() as 'GET', ...request, headers: { ...headers, ...request.headers } })
          statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
        }
      }
    }
  }
  await send({ method: 'GET', url: '/openapi.json' })
  return statuses
}

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

t.test('no token, digest or password is in a log line, an error, a header or the description, on any path', async (t) => {
  const service = await watched(t)
  const keys = { drf: await service.key('root', 'drf'), access: await service.key('root', 'access') }
  const login = await service.send({ method: 'POST', url: '/api-token-auth/', payload: { username: 'bob', password: 'bob-pass-1', expires_in: 60 } })
  t.match(login.json(), { token: /^fat_/ })
  for (const url of ['/users/me/', '/tokens/', `/tokens/${login.json().token}/`]) await service.send({ method: 'GET', url, headers: { authorization: `Token ${login.json().token}` } })
  const open = await sendEverything(service, true, keys)
  for (const status of [200, 201, 204, 400, 401, 403, 404, 405, 409]) t.ok(open.has(status), `${status} was among the answers`)
  t.same(service.leaks(), [])
  t.notOk(open.has(500))

  service.authtoken.database.close()
  const closed = await sendEverything(service, false, keys)
  t.ok(closed.has(503), '503 was among the answers')
  t.notOk(closed.has(500))
  t.match(service.log.join(''), 'request failed')
  t.same(service.leaks(), [])
})

t.test('a database that fails in the middle of a request says no secret, and that it is not there', async (t) => {
  const service = await watched(t)
  const { server, authtoken, keep, key } = service
  const { port } = new URL(await server.listen({ port: 0, host: '127.0.0.1' }))
  const root = await key('root', 'access')
  const drf = await key('root', 'drf')
  const target = await key('bob', 'access')
  const password = 'new-s3cret-1'
  const begun: Array<{ what: string, finish: () => Promise<{ statusCode: number }> }> = []
  for (const caller of [root, drf]) {
    for (const [method, path, payload] of [
      ['POST', '/users/', { username: 'new', password }],
      ['PATCH', '/users/bob/', { password }],
      ['PATCH', `/users/${target.key}/`, { password }],
      ['DELETE', '/users/bob/', {}],
      ['POST', '/tokens/', { scope: 'orders:read' }],
      ['PATCH', `/tokens/${target.key}/`, { disabled: true }],
      ['PATCH', `/tokens/${root.id}/`, { disabled: true }],
      ['DELETE', `/tokens/${target.key}/`, {}],
      ['DELETE', '/tokens/current/', {}],
      ['DELETE', '/tokens/', {}],
      ['POST', `/tokens/${target.key}/rotate/`, {}],
      ['POST', '/tokens/current/rotate/', {}],
      ['POST', '/users/bob/tokens/', { scope: '*' }],
      ['POST', `/users/bob/tokens/${target.id}/rotate/`, {}],
      ['DELETE', '/users/bob/tokens/', {}],
      ['POST', '/api-token-auth/', { username: target.key, password: 'wrong-s3cret-1' }]
    ] as const) {
      const what = `${caller.kind}: ${method} ${path.replace(target.key, '<KEY>')}`
      const body = JSON.stringify(payload)
      const asked = request({ port, method, path, headers: { authorization: `Token ${caller.key}`, 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' } })
      asked.flushHeaders()
      // One whose caller is still being looked for is answered before its body comes.
      const answered = once(asked, 'response')
      await Promise.race([once(asked, 'continue'), answered.then(([{ statusCode }]) => { throw new Error(`${what} was answered ${statusCode} at once`) })])
      begun.push({
        what,
        async finish () {
          asked.end(body)
          const [response] = await answered
          const answer = { statusCode: response.statusCode as number, headers: response.headers, body: await text(response) }
          keep(what, answer)
          return answer
        }
      })
    }
  }
  // By then the callers have been found, and the bodies are still to come.
  for (const { key } of [root, drf]) await server.inject({ url: '/users/me/', headers: { authorization: `Token ${key}` } })
  authtoken.database.close()
  for (const { what, finish } of begun) t.equal((await finish()).statusCode, 503, what)
  t.same(service.leaks(), [])
})

t.test('the links of a list repeat no token that stands in its address', async (t) => {
  const service = await watched(t)
  const { send, key } = service
  const { key: token } = await key('root', 'access')
  const { key: drf } = await key('root', 'drf')
  const headers = { authorization: `Token ${token}` }
  for (const url of ['/tokens/', '/users/', '/users/root/tokens/']) {
    for (const query of [`token=${token}`, `access_token=${drf}`, `${token}=1`, `page_size=1&token=${token}`, `page=2&page_size=1&token=${drf}`]) {
      const { statusCode } = await send({ method: 'GET', url: `${url}?${query.includes('page_size') ? query : `${query}&page_size=1`}`, headers })
      t.ok([200, 400].includes(statusCode))
    }
  }
  t.same(service.leaks(), [])
})

t.test('a field that is not known is refused without its name, where that is a token', async (t) => {
  const service = await watched(t)
  const { key: token, id } = await service.key('root', 'access')
  for (const [method, url] of [['POST', '/tokens/'], ['PATCH', `/tokens/${id}/`], ['POST', `/tokens/${id}/rotate/`], ['POST', '/users/'], ['PATCH', '/users/bob/']] as const) {
    t.equal((await service.send({ method, url, headers: { authorization: `Token ${token}` }, payload: { [token]: 'x' } })).statusCode, 400)
  }
  t.same(service.leaks(), [])
})
