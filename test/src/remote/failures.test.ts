import type { RequestListener, ServerResponse } from 'node:http'
import t from 'tap'
import { makeUser } from '../../support/users.js'
import { ask, buildRemoteHost, connect, startFront, startServer, startService } from '../../support/remote-service.js'
import { until } from '../../support/until.js'

const KEY = 'a'.repeat(40)
const OWN = 'fat_the_introspection_token'
const UNAVAILABLE = { message: 'Service temporarily unavailable, try again later.' }
const json = (response: ServerResponse, body: unknown, status = 200) => response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body))

/** An application whose service answers as it is told, and its log. */
async function buildAgainst (t: Parameters<typeof startServer>[0], listener: RequestListener, options: Parameters<typeof connect>[2] = {}) {
  const log: string[] = []
  const authenticator = connect(t, { url: await startServer(t, listener), introspector: { key: OWN } }, { feed: false, ...options })
  return { app: await buildRemoteHost(t, authenticator, {}, log), log, authenticator }
}

const user = { id: 1, username: 'ann', email: '', first_name: '', last_name: '', is_staff: false, is_superuser: false, is_active: true, date_joined: '2026-11-24T13:41:11.255Z', last_login: null }
const token = { id: 'drf-1', kind: 'drf', name: null, hint: 'aaaa', scope: '*', created: null, expires: null, last_used: null, disabled: false }
const one = (result: object) => ({ results: [result] })

const NONSENSE: Record<string, unknown> = {
  'no JSON': `<html>${KEY}</html>`,
  'no object': 'null',
  'no results': {},
  'no list': { results: { active: true } },
  'too few results': { results: [] },
  'too many results': { results: [{ active: false }, { active: false }] },
  'no word of whether it is active': one({ identity: { user, token } }),
  'an active one that is nobody\'s': one({ active: true, username: 'ann' }),
  'an active one of an inactive user': one({ active: true, identity: { user: { ...user, is_active: false }, token } }),
  'an inactive one that is an active user\'s': one({ active: false, identity: { user, token } }),
  'a user without flags': one({ active: true, identity: { user: { ...user, is_superuser: undefined }, token } }),
  'a flag of another type': one({ active: true, identity: { user: { ...user, is_superuser: 'yes' }, token } }),
  'an id of another type': one({ active: true, identity: { user: { ...user, id: null }, token } }),
  'a token without a scope': one({ active: true, identity: { user, token: { ...token, scope: undefined } } }),
  'no date': one({ active: true, identity: { user, token: { ...token, expires: 'tomorrow' } } })
}

t.test('an answer that is none is 503, never 401, and no part of it is logged', async (t) => {
  let body: unknown
  const { app, log } = await buildAgainst(t, (_request, response) => { json(response, body) })
  body = one({ active: true, identity: { user, token } })
  t.equal((await ask(app, KEY)).statusCode, 200)
  body = one({ active: true, identity: { user, token: { ...token, id: 'x', replaced_by: 'y' } } })
  t.equal((await ask(app, 'b'.repeat(40))).statusCode, 200)
  for (const [title, nonsense] of Object.entries(NONSENSE)) {
    body = nonsense
    const answer = await ask(app, 'c'.repeat(40))
    t.equal(answer.statusCode, 503, title)
    t.equal(answer.headers['retry-after'], '1', title)
  }
  t.match(log.join(''), 'with something else than a result for each token')
  t.notMatch(log.join(''), 'html')
})

t.test('another status is 503, with the pause that the service wants', async (t) => {
  let status = 500
  let pause = ''
  const { app, log } = await buildAgainst(t, (_request, response) => {
    response.setHeader('retry-after', pause)
    json(response, one({ active: true }), status)
  })
  for (const [given, wanted, seconds] of [[500, '', '1'], [503, '7', '7'], [429, '100000', '1'], [404, 'soon', '1'], [302, '0', '1'], [204, '', '1']] as const) {
    [status, pause] = [given, wanted]
    const answer = await ask(app, KEY)
    t.equal(answer.statusCode, 503, String(status))
    t.equal(answer.headers['retry-after'], seconds, String(status))
    t.match(log.join(''), `the service answered ${status}`)
  }
})

t.test('where the own token is refused callers get 503, and the log says why without it', async (t) => {
  const service = await startService(t)
  const { user, token } = await makeUser(service.authtoken, 'ann')
  const weak = await service.authtoken.tokens.create(user, { scope: 'orders:read' })
  for (const [key, reason] of [[OWN, '401: the token given to remote() is not valid there'], [weak.key, '403: the token given to remote() lacks the scope introspect']] as const) {
    const [log, warnings] = [[] as string[], [] as string[]]
    const app = await buildRemoteHost(t, connect(t, { url: service.url, introspector: { key } }, { log: { warn: (message) => { warnings.push(message) } } }), {}, log)
    const answer = await ask(app, token.key)
    t.equal(answer.statusCode, 503)
    t.same(answer.json(), { detail: 'Service temporarily unavailable, try again later.' })
    t.equal(answer.headers['www-authenticate'], undefined)
    t.match(log.join(''), reason)
    await until(() => warnings.length > 0, 'a warning')
    t.match(warnings, [new RegExp(`GET /revocations with ${reason.slice(0, 3)}`)])
    for (const secret of [key, token.key]) t.notMatch([...log, ...warnings].join(''), secret)
  }
})

t.test('a service without the feed is warned of once, and asked again', async (t) => {
  const service = await startService(t)
  const { token } = await makeUser(service.authtoken, 'ann')
  let asked = 0
  let status = 404
  const front = await startFront(t, service.port)
  const url = await startServer(t, (request, response) => {
    if (!request.url?.endsWith('/revocations')) return response.writeHead(307, { location: front.url }).end()
    asked++
    if (status === 200) return response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n')
    response.writeHead(status).end(token.key)
  })
  const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve))
  const authenticator = connect(t, { ...service, url })
  t.equal(authenticator.statistics.watch, 'none', 'not before the first use')
  await t.rejects(authenticator.authenticate(token.key) as Promise<unknown>, UNAVAILABLE)
  const { code, message } = await warned
  t.equal(code, 'AUTHTOKEN_FEED_REFUSED')
  t.match(message, 'a token that ends lives on for up to 5000 ms')
  t.notMatch(message, token.key)
  t.equal(authenticator.statistics.watch, 'none')
  status = 200
  await until(() => authenticator.statistics.watch === 'live', 'live')
  t.ok(asked > 1)
})

t.test('an event that is not understood may be about anybody', async (t) => {
  let send: (text: string) => void = () => {}
  let asked = 0
  const { authenticator } = await buildAgainst(t, (request, response) => {
    if (request.url === '/revocations') {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write('id: 1\nevent: revocation\ndata: {"all":true}\n\n')
      send = (text) => { response.write(text) }
      return
    }
    asked++
    json(response, one({ active: true, identity: { user, token } }))
  }, { feed: true })
  const answers = async (times: number) => {
    await until(async () => {
      await authenticator.authenticate(KEY)
      return asked >= times
    }, `${times} times asked`)
  }
  await authenticator.authenticate(KEY)
  await until(() => authenticator.statistics.watch === 'live', 'live')
  await answers(asked)
  for (const event of ['event: revocation\ndata: no JSON\n\n', 'event: revocation\ndata: {"team":"9"}\n\n', 'event: revocation\ndata: null\n\n', 'event: revocation\ndata: {"user":"1"}\n\n']) {
    const before = asked
    send(event)
    await answers(before + 1)
  }
  const before = asked
  send('event: greeting\ndata: hello\n\n')
  send(`:${'x'.repeat(100_000)}`)
  await until(() => authenticator.statistics.watch === 'lost', 'an event without an end')
  await authenticator.authenticate(KEY)
  t.ok(asked - before <= 1, 'other events are none of ours')
})

t.test('a connection that breaks is tried once more', async (t) => {
  let broken = 1
  let asked = 0
  const { app, log } = await buildAgainst(t, (request, response) => {
    asked++
    if (broken-- > 0) return request.socket.destroy()
    json(response, one({ active: true, identity: { user, token } }))
  })
  t.equal((await ask(app, KEY)).statusCode, 200)
  t.equal(asked, 2)
  broken = 2
  t.equal((await ask(app, 'b'.repeat(40))).statusCode, 503)
  t.equal(asked, 4)
  t.match(log.join(''), 'the service can not be reached')
})

t.test('a service that does not answer is waited for no longer than is set, by those who wait for their turn too', async (t) => {
  const { app, log } = await buildAgainst(t, () => {}, { timeoutMs: 200, connections: 1 })
  const answers = []
  for (const letter of 'abcdef') {
    answers.push(ask(app, letter.repeat(40)))
    await new Promise(setImmediate)
  }
  t.same((await Promise.all(answers)).map(({ statusCode }) => statusCode), Array(6).fill(503))
  t.match(log.join(''), 'the service did not answer within 200 ms')
})

t.test('a question whose turn does not come is refused', async (t) => {
  // The first batch takes the whole time, and those behind it have waited it out by then.
  const { authenticator } = await buildAgainst(t, () => {}, { timeoutMs: 500, connections: 1 })
  const all = Array.from({ length: 1_001 }, (_, i) => Promise.resolve(authenticator.authenticate(String(i).padStart(40, '0'))).catch((error) => error.cause.message as string))
  // A timer may be a millisecond early.
  for (const end = performance.now() + 5; performance.now() < end;);
  const reasons = new Set(await Promise.all(all))
  t.ok(reasons.has('the service did not answer within 500 ms'))
  t.ok(reasons.has('the service did not take a question within 500 ms'))
  t.equal(reasons.size, 2)
})

t.test('closed, it asks nobody: what is under way and what comes is 503', async (t) => {
  const { authenticator } = await buildAgainst(t, () => {}, { feed: true, timeoutMs: 60_000 })
  const pending = authenticator.authenticate(KEY) as Promise<unknown>
  const refused = t.rejects(pending, UNAVAILABLE)
  await new Promise(setImmediate)
  await Promise.all([authenticator.close(), authenticator.close()])
  await refused
  t.throws(() => authenticator.authenticate(KEY), { statusCode: 503, cause: { message: 'remote() is closed' } })
})
