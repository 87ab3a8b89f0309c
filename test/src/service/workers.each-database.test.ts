import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { defaultConcurrency } from '../../../src/passwords/hashing-queue.js'
import { databaseUrl } from '../../support/databases.js'
import { until } from '../../support/until.js'
import { listening, start } from '../../support/running-service.js'

const WORKERS = 2

const settings = (url: string) => ({ DATABASE_URL: url, MIGRATE: 'true', PORT: '0', WORKERS: String(WORKERS) })

async function setUp (t: Test) {
  const service = start(t, ['serve'], settings(await databaseUrl(t)))
  return { service, ...await listening(service, WORKERS) }
}

/** A login whose head was accepted, and whose body is still to come. */
async function beginLogin (t: Test, address: string) {
  const { hostname, port } = new URL(address)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  let answer = ''
  socket.on('data', (chunk) => { answer += chunk })
  const body = '{"username":"nobody","password":"x"}'
  socket.write(`POST /api-token-auth/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`)
  await until(() => answer.includes('100 Continue'))
  return async () => {
    socket.write(body)
    await once(socket, 'close')
    return answer.replace(/^[^]*?\r\n\r\n/, '')
  }
}

t.test('told to stop with the whole group, as by a terminal, every worker answers what it has accepted, one that took the place of another too', async (t) => {
  const { service, address, pids: [first = 0] } = await setUp(t)
  process.kill(first, 'SIGKILL')
  const pids = (await listening(service, WORKERS + 1)).pids.filter((pid) => pid !== first)
  t.equal(new Set(pids).size, WORKERS)
  t.notOk(pids.includes(service.child.pid as number), 'the primary does not listen itself')
  const logins = await Promise.all(Array.from({ length: WORKERS * 2 }, () => beginLogin(t, address)))
  for (const pid of pids) process.kill(pid, 'SIGINT')
  service.child.kill('SIGINT')
  await until(async () => await fetch(address).then(() => false, () => true))
  for (const answer of await Promise.all(logins.map((login) => login()))) t.match(answer, /^HTTP\/1\.1 400 /)
  t.equal(await service.closed, 0)
  t.equal(service.errors(), '')
})

t.test('told twice, all stop at once', async (t) => {
  const { service, address } = await setUp(t)
  await beginLogin(t, address)
  service.child.kill('SIGTERM')
  await until(async () => await fetch(address).then(() => false, () => true))
  service.child.kill('SIGTERM')
  t.equal(await service.closed, 1)
})

t.test('a worker that is killed is replaced; with the primary all go, and answer first what they have accepted', async (t) => {
  const { service, address, pids: [first = 0, second = 0] } = await setUp(t)
  process.kill(second, 'SIGKILL')
  t.equal((await fetch(`${address}/healthz`)).status, 200)
  const { pids } = await listening(service, WORKERS + 1)
  t.match(service.output(), new RegExp(`"worker":${second},"code":null,"signal":"SIGKILL","pauseMs":1000,"msg":"a worker ended; another takes its place"`))

  process.kill(first, 'SIGTERM')
  await listening(service, WORKERS + 2)
  t.match(service.output(), new RegExp(`"worker":${first},"code":0,`), 'one that is told to stop ends as it should, and is replaced too')
  t.notOk(pids.includes(service.child.pid as number))

  const logins = await Promise.all(Array.from({ length: WORKERS }, () => beginLogin(t, address)))
  service.child.kill('SIGKILL')
  await until(async () => await fetch(address).then(() => false, () => true))
  for (const login of logins) t.match(await login(), /^HTTP\/1\.1 400 /)
  t.equal(await service.closed, null, 'no process is left')
  t.equal(service.errors(), '')
})

t.test('a port in use, and a database that is not ready, are said once, with exit code 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  const [taken, unready] = [
    start(t, ['serve'], { ...settings(await databaseUrl(t)), PORT: String(port) }),
    start(t, ['serve'], { ...settings(await databaseUrl(t)), MIGRATE: 'false' })
  ]
  t.equal(await taken.closed, 1)
  t.equal(taken.errors(), `authtoken: PORT ${port} on 127.0.0.1 is in use by another program; choose another\n`)
  t.equal(await unready.closed, 1)
  t.match(unready.errors(), /^authtoken: .*\n$/)
})

t.test('a first worker that is killed before it listens is told in the log', async (t) => {
  const accident = "import cluster from 'node:cluster'; if (cluster.isWorker) process.kill(process.pid, 'SIGKILL')"
  const options = `${process.env.NODE_OPTIONS ?? ''} --import=data:text/javascript,${encodeURIComponent(accident)}`
  const service = start(t, ['serve'], { ...settings(await databaseUrl(t)), NODE_OPTIONS: options })
  t.equal(await service.closed, 1)
  t.match(service.output(), '"signal":"SIGKILL","msg":"the first worker ended before it listened"')
})

t.test('the workers share the cores that hash', async (t) => {
  t.ok(defaultConcurrency() >= defaultConcurrency(2))
  t.equal(defaultConcurrency(256), 1)
})
