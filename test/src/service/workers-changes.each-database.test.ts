import t, { type Test } from 'tap'
import { Client } from 'undici'
import { openAuthtoken } from '../../../src/open-authtoken.js'
import { databaseUrl } from '../../support/databases.js'
import { makeLogin } from '../../support/users.js'
import { until } from '../../support/until.js'
import { listening, start } from '../../support/running-service.js'

const WORKERS = 2

/** How to ask over a connection of its own: the workers get them in turn. */
function connection (t: Test, address: string) {
  const client = new Client(address)
  t.teardown(() => client.destroy())
  return async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, authorization?: string, body?: object) => {
    const response = await client.request({
      method,
      path,
      headers: { ...(authorization !== undefined && { authorization }), ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) })
    })
    const text = await response.body.text()
    return { status: response.statusCode, json: (text === '' ? null : JSON.parse(text)) as Record<string, string> }
  }
}

t.test('what one worker changes, all know', async (t) => {
  const url = await databaseUrl(t)
  const service = start(t, ['serve'], { DATABASE_URL: url, MIGRATE: 'true', PORT: '0', WORKERS: String(WORKERS) })
  const { address, pids } = await listening(service, WORKERS)
  const open = () => connection(t, address)
  const authtoken = await openAuthtoken({ database: url })
  t.teardown(() => authtoken.close())
  const root = await makeLogin(authtoken, 'root', { isSuperuser: true })
  const ann = await makeLogin(authtoken, 'ann')
  const isFile = url.startsWith('file:')

  await t.test('a revoked token is dead on all of them', async (t) => {
    const [asking, ...others] = Array.from({ length: 1 + 3 * WORKERS }, open) as [ReturnType<typeof open>, ...Array<ReturnType<typeof open>>]
    const { status, json: { id, token } } = await asking('POST', '/tokens/', ann.authorization, { name: 'laptop' })
    t.equal(status, 201)
    for (let round = 0; round < 2; round++) {
      for (const ask of others) t.equal((await ask('GET', '/users/me/', `Token ${token}`)).status, 200)
    }
    const served = () => new Set([...service.output().matchAll(/"pid":(\d+).*"route":"\/users\/me/g)].map(([, pid]) => Number(pid)))
    await until(() => served().size === WORKERS)
    t.same([...served()].sort(), [...pids].sort(), 'each has served')

    t.equal((await asking('DELETE', `/tokens/${id}/`, ann.authorization)).status, 204)
    for (const ask of others) {
      const isDead = async () => (await ask('GET', '/users/me/', `Token ${token}`)).status === 401
      // Of a server the notice is on its way; a file is asked.
      if (isFile) t.ok(await isDead())
      else await until(isDead)
    }
  })

  await t.test('logins and tokens that are made at the same moment are all there', async (t) => {
    const made = (await Promise.all(Array.from({ length: 8 }, async (_, client) => {
      const ask = open()
      const keys = []
      for (let round = 0; round < 3; round++) {
        const login = await ask('POST', '/api-token-auth/', undefined, { username: 'ann', password: 'ann-pass-1', name: `login ${client} ${round}` })
        t.equal(login.status, 200)
        const token = await ask('POST', '/tokens/', ann.authorization, { name: `token ${client} ${round}` })
        t.equal(token.status, 201)
        keys.push(login.json.token, token.json.token)
      }
      return keys
    }))).flat()
    t.equal(new Set(made).size, 8 * 3 * 2)
    const askers = Array.from({ length: WORKERS }, open)
    for (const ask of askers) {
      for (const key of made) t.equal((await ask('GET', '/users/me/', `Token ${key}`)).status, 200)
    }
  })

  await t.test('the feed of each tells it, and resumes at that one alone', async (t) => {
    const bob = await makeLogin(authtoken, 'bob')
    const { token } = (await open()('POST', '/tokens/', root.authorization, { scope: 'introspect' })).json
    async function subscribe (lastId?: string) {
      const aborting = new AbortController()
      t.teardown(() => aborting.abort())
      const { body } = await fetch(`${address}/revocations`, { headers: { authorization: `Token ${token}`, ...(lastId !== undefined && { 'last-event-id': lastId }) }, signal: aborting.signal })
      const stream = { text: '', events: () => [...stream.text.matchAll(/^id: (\w+)-(\d+)\nevent: revocation\ndata: (.+)$/gm)].map(([, epoch, number, data]) => ({ id: `${epoch}-${number}`, epoch, data })) }
      const read = async () => { for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) stream.text += Buffer.from(chunk).toString() }
      read().catch(() => {})
      return stream
    }

    const streams = await Promise.all(Array.from({ length: WORKERS * 2 }, () => subscribe()))
    await until(() => streams.every(({ events }) => events().length > 0))
    const epochs = new Set(streams.map(({ events }) => events()[0]?.epoch))
    t.equal(epochs.size, WORKERS)

    const before = streams.map(({ events }) => events().length)
    t.equal((await open()('PATCH', '/users/bob/', root.authorization, { is_active: false })).status, 200)
    await until(() => streams.every(({ events }, index) => events().slice(before[index]).some(({ data }) => data === '{"all":true}' || data === JSON.stringify({ user: String(bob.user.id) }))))

    const last = streams[0]?.events().at(-1) as { id: string, epoch: string }
    for (const index of streams.keys()) {
      const stream = await subscribe(last.id)
      await until(() => stream.text.includes('heart-beat'))
      const [first] = stream.events()
      if (first?.epoch === last.epoch || first === undefined) continue
      t.equal(first.data, '{"all":true}', `stream ${index}`)
    }
  })

  service.child.kill('SIGTERM')
  t.equal(await service.closed, 0, 'the streams end with the service')
})
