import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Running } from '../../support/child-program.js'
import { ask } from './client.js'
import type { Context } from './checks.js'

// A proxy may remember for a while that a server was away.
const BACK_MS = 15_000

/**
 * While nothing is known nobody passes: the service is stopped, hangs, closes each connection, and tells less than it should.
 * @param start runs the service again, with other settings
 * @returns the service that runs then
 */
export async function checkAbsence ({ report, program, backend, keys, proxy, service: port }: Context, service: Running, start: (settings?: NodeJS.ProcessEnv) => Promise<Running>): Promise<Running> {
  const count = async (questions: number) => {
    backend.take()
    const statuses = []
    for (let i = 0; i < questions; i++) statuses.push((await ask(proxy, { path: '/orders', token: keys.full })).status)
    return { statuses: [...new Set(statuses)], reached: backend.take().length }
  }
  const isOpen = async () => (await ask(proxy, { path: '/public/' })).status === 200
  const refused = { statuses: [program.away], reached: 0 }

  await service.stop()
  report.equal(`while the service is away the answer is ${program.away}, and nobody passes`, await count(5), refused)
  report.check('what needs no caller goes on', await isOpen())

  for (const [sentence, serve] of [
    ['closes each connection', (socket: Socket) => socket.destroy()],
    ['writes nonsense', (socket: Socket) => socket.end('200 OK, surely\r\n\r\n')]
  ] as const) {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => {}))
      serve(socket)
    }).listen(port, '127.0.0.1')
    await once(server, 'listening')
    const { statuses, reached } = await count(3)
    report.check(`while it ${sentence} nobody passes (${statuses.join(', ')})`, statuses.every((status) => status >= 500) && reached === 0)
    server.close()
    sockets.forEach((socket) => socket.destroy())
    await once(server, 'close')
  }

  const other = await start({ FORWARD_AUTH_HEADERS: 'X-A,X-B,X-C,X-D,X-E,X-F' })
  backend.take()
  await ask(proxy, { path: '/', token: keys.full, headers: [['X-Auth-User', 'intruder'], ['X-Auth-Staff', 'true']] })
  const told = backend.take().flatMap(({ headers }) => headers).filter(([name, value]) => /^x-auth-/i.test(name) && ['intruder', 'true'].includes(value))
  report.equal('headers that the service does not send are not taken from the client', told, [])
  await other.stop()

  const again = await start()
  report.check('when the service is back callers pass', await back(proxy, keys.full))
  report.equal('and only they', (await ask(proxy, { path: '/' })).status, 401)
  return again
}

/** Whether the caller passes before long. */
async function back (proxy: number, token: string): Promise<boolean> {
  for (const deadline = performance.now() + BACK_MS; performance.now() < deadline; await sleep(50)) {
    if ((await ask(proxy, { path: '/', token })).status === 200) return true
  }
  return false
}
