import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { databaseUrl } from '../../support/databases.js'
import { run } from '../../../src/commands/program.js'
import { listening, start } from '../../support/running-service.js'

t.test('the service starts on an empty folder, serves, and stops when told', async (t) => {
  const service = start(t, ['serve'], { DATABASE_URL: await databaseUrl(t), MIGRATE: 'true', PORT: '0' })
  const { address } = await listening(service)
  t.equal((await fetch(`${address}/healthz`)).status, 200)
  t.equal((await fetch(`${address}/users/me/`)).status, 401)
  const slow = fetch(`${address}/api-token-auth/`, { method: 'POST', body: new URLSearchParams({ username: 'a', password: 'b' }) })
  await new Promise((resolve) => setTimeout(resolve, 20))
  service.child.kill('SIGTERM')
  const [code] = await once(service.child, 'exit')
  t.equal(code, 0)
  t.equal((await slow).status, 400, 'a request that was accepted is answered first')
  t.equal(service.errors(), '')
})

t.test('a port in use, and an address that is not ours, are one line and exit code 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const port = (other.address() as AddressInfo).port
  const service = start(t, ['serve'], { DATABASE_URL: await databaseUrl(t), MIGRATE: 'true', PORT: String(port) })
  const [code] = await once(service.child, 'exit')
  t.equal(code, 1)
  t.equal(service.errors(), `authtoken: PORT ${port} on 127.0.0.1 is in use by another program; choose another\n`)

  for (const [HOST, message] of [['192.0.2.1', 'HOST 192.0.2.1 is not an address of this machine'], ['no.such.host.invalid', /HOST no\.such\.host\.invalid|getaddrinfo/]] as const) {
    let errors = ''
    const sink = { write: (line: string) => { errors += line; return true } }
    const code = await run(['serve'], { env: { DATABASE_URL: await databaseUrl(t), MIGRATE: 'true', HOST, PORT: '0', LOG_LEVEL: 'silent' }, input: process.stdin, output: sink as never, errors: sink as never, interactive: false })
    t.equal(code, 1)
    t.match(errors, message)
  }
})

t.test('an error that nobody caught ends the process, with a line in the log', async (t) => {
  const accident = "process.on('SIGCONT', () => { throw new TypeError('by accident') })"
  const options = `${process.env.NODE_OPTIONS ?? ''} --import=data:text/javascript,${encodeURIComponent(accident)}`
  const service = start(t, ['serve'], { DATABASE_URL: await databaseUrl(t), MIGRATE: 'true', PORT: '0', NODE_OPTIONS: options })
  await listening(service)
  service.child.kill('SIGCONT')
  const [code] = await once(service.child, 'exit')
  t.equal(code, 1)
  t.match(service.output(), 'stopped by an error')
})
