import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import revocations from '../../../plugins/routes/revocations.js'
import tokenAuth from '../../../plugins/token-auth.js'
import { createChanges } from '../../../src/database/changes.js'
import { createChangeFeed } from '../../../src/tokens/change-feed.js'
import { digestOf } from '../../../src/tokens/format.js'
import { buildService } from '../../support/applications.js'
import { makeUser } from '../../support/users.js'
import { until } from '../../support/until.js'
import { sql } from '../../support/sql.js'

interface Event { id: string, data: { all?: true, user?: string, digest?: string } }

/** A service that listens, somebody who may subscribe, and how one does. */
async function setUp (t: Test, env: NodeJS.ProcessEnv = {}) {
  const service = await buildService(t, env)
  const { authtoken, server, settings } = service
  await server.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/revocations`
  const asking = await makeUser(authtoken, 'asking')
  const token = await authtoken.tokens.create(asking.user, { scope: 'introspect' })

  async function subscribe (headers: Record<string, string> = {}) {
    const aborting = new AbortController()
    t.teardown(() => aborting.abort())
    const response = await fetch(url, { headers: { authorization: `Token ${token.key}`, ...headers }, signal: aborting.signal })
    const events: Event[] = []
    const state = { text: '', ended: false }
    const read = async () => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        state.text += Buffer.from(chunk).toString()
        events.splice(0, events.length, ...[...state.text.matchAll(/^id: (.+)\nevent: revocation\ndata: (.+)\n\n/gm)].map(([, id, data]) => ({ id: id as string, data: JSON.parse(data as string) })))
      }
      state.ended = true
    }
    read().catch(() => { state.ended = true })
    return { response, events, state, leave: () => aborting.abort() }
  }
  const told = (events: Event[], check: (data: Event['data']) => boolean) => until(() => events.some(({ data }) => check(data)))
  return { ...service, url, asking, token, subscribe, told, database: settings.DATABASE_URL }
}

t.test('a stream begins with the news that anything may have changed', async (t) => {
  const { subscribe } = await setUp(t)
  const { response, events } = await subscribe()
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'text/event-stream')
  t.equal(response.headers.get('cache-control'), 'no-store')
  await until(() => events.length > 0)
  t.same(events[0]?.data, { all: true })
})

t.test('what this service ends is told by the user, what others write too', async (t) => {
  const { subscribe, told, authtoken, database } = await setUp(t)
  const bob = await makeUser(authtoken, 'bob')
  const { events } = await subscribe()
  await until(() => events.length > 0)
  await authtoken.tokens.revoke(bob.user, `drf-${bob.user.id}`)
  await told(events, ({ user }) => user === String(bob.user.id))
  const ann = await makeUser(authtoken, 'ann')
  await told(events, ({ user }) => user === String(ann.user.id))
  const before = events.length
  await sql(database, `delete from authtoken_token where key = '${ann.token.key}'`)
  // Of a file nothing more is known than that somebody wrote to it.
  await until(() => events.slice(before).some(({ data }) => database.startsWith('file:') ? data.all : data.digest === digestOf(ann.token.key)))
  t.notMatch(JSON.stringify(events), ann.token.key)
})

t.test('who comes back with the last event gets those after it, and nothing twice', async (t) => {
  const { subscribe, authtoken } = await setUp(t)
  const bob = await makeUser(authtoken, 'bob')
  const first = await subscribe()
  await until(() => first.events.length > 0)
  await authtoken.users.setActive(bob.user, false)
  await until(() => first.events.some(({ data }) => data.user === String(bob.user.id)))
  const last = first.events.at(-1) as Event
  first.leave()
  await authtoken.users.setActive(bob.user, true)
  await authtoken.tokens.replace(bob.user)
  const number = ({ id }: Event) => Number(id.split('-')[1])
  const second = await subscribe({ 'last-event-id': last.id })
  await until(() => second.events.filter(({ data }) => data.user === String(bob.user.id)).length >= 2)
  t.equal(number(second.events[0] as Event), number(last) + 1)
  // PostgreSQL tells of each change once more, when its notice arrives.
  const end = second.events.at(-1) as Event
  const third = await subscribe({ 'last-event-id': end.id })
  await until(() => third.state.text.includes('heart-beat'))
  t.same(third.events.filter((event) => number(event) <= number(end)), [])
})

t.test('where it can not be known what was missed, anything may have changed', async (t) => {
  const { subscribe } = await setUp(t)
  for (const id of ['', 'x', 'x-1', '-1', `${'a'.repeat(10)}-0`]) {
    const { events, leave } = await subscribe({ 'last-event-id': id })
    await until(() => events.length > 0)
    t.same(events[0]?.data, { all: true }, id)
    leave()
  }
})

t.test('a subscriber that was away for too long, or says what can not be, begins anew', async (t) => {
  const { emit, onChange } = createChanges()
  const feed = createChangeFeed({ watch (told) { onChange(told); return { poll: () => true, maxAgeMs: Infinity, state: 'live' } } })
  const resume = (id?: string) => {
    const { missed, unsubscribe } = feed.subscribe(id, () => {})
    unsubscribe()
    return missed
  }
  const [start] = resume() as [{ id: string, change: unknown }]
  t.equal(start.change, 'all')
  const [epoch] = start.id.split('-') as [string]
  for (let i = 0; i < 1000; i++) emit({ user: String(i) })
  t.equal(resume(start.id).length, 1000)
  t.same(resume(`${epoch}-998`), [{ id: `${epoch}-999`, change: { user: '998' } }, { id: `${epoch}-1000`, change: { user: '999' } }])
  t.same(resume(`${epoch}-1000`), [])
  emit('all')
  for (const id of [start.id, `${epoch}-1002`, `${epoch}--5`, `${epoch}-1e2`, `${epoch}-`, epoch]) t.same(resume(id), [{ id: `${epoch}-1001`, change: 'all' }], id)
})

t.test('a stream ends with the token that asked for it', async (t) => {
  const { subscribe, authtoken, asking, token } = await setUp(t)
  const root = await makeUser(authtoken, 'root', { isSuperuser: true })
  const streams = [await subscribe(), await subscribe({ authorization: root.authorization })]
  await authtoken.tokens.update(asking.user, token.id, { scope: 'orders:read' })
  await until(() => streams[0]?.state.ended === true)
  t.notOk(streams[1]?.state.ended)
  await authtoken.users.update(root.user, { isSuperuser: false })
  await until(() => streams[1]?.state.ended === true)
})

t.test('a stream goes on while the database is away, and ends with the server', async (t) => {
  const { subscribe, server, authtoken } = await setUp(t)
  const { state } = await subscribe()
  await until(() => state.text.includes('heart-beat'))
  await authtoken.database.close()
  const beats = state.text.split('heart-beat').length
  await until(() => state.text.split('heart-beat').length > beats + 1)
  t.notOk(state.ended)
  await server.close()
  await until(() => state.ended)
})

t.test('who may not introspect gets no stream, and HEAD ends', async (t) => {
  const { server, asking, token } = await setUp(t)
  t.equal((await server.inject('/revocations')).statusCode, 401)
  const narrow = await server.inject({ url: '/revocations', headers: { authorization: asking.authorization } })
  t.equal(narrow.statusCode, 403)
  t.equal(narrow.headers['www-authenticate'], 'Token error="insufficient_scope", scope="introspect"')
  const head = await server.inject({ method: 'HEAD', url: '/revocations', headers: { authorization: `Token ${token.key}` } })
  t.equal(head.statusCode, 200)
  t.match(head.headers['content-type'], 'text/event-stream')
  t.equal((await server.inject({ method: 'POST', url: '/revocations', headers: { authorization: `Token ${token.key}` } })).statusCode, 405)
})

t.test('who does not read is cut off', async (t) => {
  const { authtoken: { authenticator, tokens, users } } = await buildService(t)
  const { token } = await makeUser({ tokens, users }, 'root', { isSuperuser: true })
  const { emit, onChange } = createChanges()
  const feed = createChangeFeed({ watch (told) { onChange(told); return { poll: () => true, maxAgeMs: Infinity, state: 'live' } } })
  const server = Fastify()
  t.teardown(() => server.close())
  await server.register(tokenAuth, { authenticator })
  const limits = { all: 1, ofToken: 1 }
  await server.register(revocations, { feed, authenticator, keywords: ['Token'], administrators: 'superuser', limits })
  await server.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(`GET /revocations HTTP/1.1\r\nHost: x\r\nAuthorization: Token ${token.key}\r\n\r\n`)
  await once(socket, 'data')
  socket.pause().on('error', () => {})
  const connections = () => new Promise<number>((resolve, reject) => server.server.getConnections((error, count) => error === null ? resolve(count) : reject(error)))
  t.equal(await connections(), 1)
  for (let round = 0; round < 100; round++) {
    for (let i = 0; i < 1000; i++) emit({ user: 'x'.repeat(200) })
    await setImmediate()
  }
  await until(async () => await connections() === 0)
  socket.destroy()
})

t.test('so many streams and no more, with one token and in all; who leaves makes room', async (t) => {
  const { subscribe, authtoken, asking } = await setUp(t, { REVOCATION_STREAMS: '3', REVOCATION_STREAMS_PER_TOKEN: '2' })
  const another = { authorization: `Token ${(await authtoken.tokens.create(asking.user, { scope: 'introspect' })).key}` }
  const [first, second] = [await subscribe(), await subscribe()]
  t.same([first.response.status, second.response.status], [200, 200])
  const refused = await subscribe()
  t.equal(refused.response.status, 503)
  t.equal(refused.response.headers.get('retry-after'), '1')
  await until(() => refused.state.ended)
  t.same(JSON.parse(refused.state.text), { detail: 'Too many streams are open. Try again later.' })
  t.equal((await subscribe(another)).response.status, 200, 'the other token has its own share')
  t.equal((await subscribe(another)).response.status, 503, 'and there are as many as there may be')
  first.leave()
  await until(async () => {
    const { response, leave } = await subscribe()
    if (response.status !== 200) leave()
    return response.status === 200
  })
})
