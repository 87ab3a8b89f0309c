import Fastify, { type InjectOptions } from 'fastify'
import t from 'tap'
import authtokenPlugin from '../../../src/index.js'
import { buildService } from '../../support/applications.js'
import { databaseUrl } from '../../support/databases.js'
import { makeUser } from '../../support/users.js'

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

type Caller = 'nobody' | 'wrong' | 'plain' | 'root'
type Ask = [status: number, caller: Caller, method: string, url: string, type?: string, payload?: string]

const answers: Ask[] = [
  [200, 'root', 'POST', '/introspect', FORM, 'token=x'],
  [401, 'nobody', 'POST', '/introspect', FORM, 'token=x'],
  [403, 'plain', 'POST', '/introspect', FORM, 'token=x'],
  [400, 'root', 'POST', '/introspect', FORM, ''],
  [405, 'root', 'PUT', '/introspect'],
  [413, 'root', 'POST', '/introspect', FORM, `token=${'x'.repeat(2_000)}`],
  [200, 'root', 'POST', '/introspect/batch', JSON_TYPE, '{"tokens":["x"]}'],
  [401, 'wrong', 'POST', '/introspect/batch', JSON_TYPE, '{}'],
  [400, 'root', 'POST', '/introspect/batch', FORM, 'a=b'],
  [200, 'plain', 'POST', '/revoke', FORM, 'token=x'],
  [401, 'wrong', 'POST', '/revoke', FORM, 'token=x'],
  [405, 'plain', 'GET', '/revoke'],
  [200, 'root', 'GET', '/users/'],
  [401, 'nobody', 'GET', '/users/'],
  [403, 'plain', 'GET', '/users/'],
  [404, 'root', 'GET', '/users/nobody/'],
  [404, 'root', 'GET', '/users/%zz/'],
  [405, 'root', 'PUT', '/users/'],
  [413, 'root', 'POST', '/users/', JSON_TYPE, JSON.stringify({ username: 'x'.repeat(2_000) })],
  [415, 'root', 'POST', '/users/', 'text/plain', 'x'],
  [200, 'plain', 'GET', '/users/me/'],
  [401, 'wrong', 'GET', '/users/me/'],
  [204, 'plain', 'OPTIONS', '/users/me/'],
  [200, 'plain', 'GET', '/tokens/'],
  [401, 'wrong', 'GET', '/tokens/'],
  [404, 'plain', 'GET', '/tokens/nothing/'],
  [405, 'plain', 'PUT', '/tokens/'],
  [415, 'plain', 'POST', '/tokens/', 'text/plain', 'x'],
  [401, 'nobody', 'GET', '/users/root/tokens/'],
  [403, 'plain', 'GET', '/users/root/tokens/'],
  [401, 'nobody', 'GET', '/revocations'],
  [403, 'plain', 'GET', '/revocations'],
  [405, 'root', 'POST', '/revocations'],
  [200, 'root', 'HEAD', '/revocations'],
  [200, 'plain', 'GET', '/forward-auth'],
  [401, 'nobody', 'GET', '/forward-auth'],
  [401, 'wrong', 'GET', '/forward-auth'],
  [403, 'plain', 'GET', '/forward-auth?staff=1'],
  [400, 'nobody', 'POST', '/api-token-auth/', JSON_TYPE, '{}'],
  [401, 'wrong', 'POST', '/api-token-auth/', JSON_TYPE, '{}'],
  [405, 'nobody', 'GET', '/api-token-auth/'],
  [413, 'nobody', 'POST', '/api-token-auth/', JSON_TYPE, JSON.stringify({ username: 'x'.repeat(2_000) })],
  [415, 'nobody', 'POST', '/api-token-auth/', 'text/plain', 'x'],
  [404, 'nobody', 'GET', '/nothing'],
  [404, 'nobody', 'GET', '/%E0%A4%A']
]

// Behind all of them: nothing is remembered, and the database is away.
const unavailable: Ask[] = [
  [503, 'plain', 'GET', '/users/me/'], [503, 'root', 'GET', '/users/'], [503, 'plain', 'GET', '/tokens/'],
  [503, 'plain', 'GET', '/forward-auth'], [503, 'root', 'POST', '/introspect', FORM, 'token=x'],
  [503, 'root', 'POST', '/introspect/batch', JSON_TYPE, '{"tokens":["x"]}'], [503, 'root', 'POST', '/revoke', FORM, 'token=x'],
  [503, 'root', 'GET', '/revocations'], [503, 'nobody', 'POST', '/api-token-auth/', JSON_TYPE, '{"username":"a","password":"b"}']
]

t.test('no answer of the service may be kept, whatever it is', async (t) => {
  const { server, authtoken } = await buildService(t, { CACHE_SIZE: '0', BODY_LIMIT: '1024' })
  const headers: Record<Caller, Record<string, string>> = {
    nobody: {},
    wrong: { authorization: 'Token wrong' },
    plain: { authorization: (await makeUser(authtoken, 'plain')).authorization },
    root: { authorization: (await makeUser(authtoken, 'root', { isSuperuser: true })).authorization }
  }
  const ask = async ([status, caller, method, url, type, payload]: Ask): Promise<void> => {
    const contentType = type === undefined ? {} : { 'content-type': type }
    const options = { method, url, headers: { ...headers[caller], ...contentType }, ...(payload !== undefined && { payload }) }
    const answer = await server.inject(options as InjectOptions)
    t.match({ status: answer.statusCode, kept: answer.headers['cache-control'] }, { status, kept: 'no-store' }, `${status} ${method} ${url.slice(0, 40)}`)
  }
  for (const answer of answers) await ask(answer)
  authtoken.database.close()
  for (const answer of unavailable) await ask(answer)
})

t.test("no answer of the exchange may be kept in a host; the host's own routes are its own affair", async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(authtokenPlugin, { database: await databaseUrl(t), migrate: true })
  app.get('/host', async () => 'x')
  for (const [method, status] of [['POST', 401], ['GET', 405]] as const) {
    const headers = status === 401 ? { authorization: 'Token wrong' } : {}
    const answer = await app.inject({ method, url: '/api-token-auth/', headers })
    t.match({ status: answer.statusCode, kept: answer.headers['cache-control'] }, { status, kept: 'no-store' })
  }
  t.equal((await app.inject('/host')).headers['cache-control'], undefined)
})
