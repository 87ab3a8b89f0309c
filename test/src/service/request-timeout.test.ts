import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import t from 'tap'
import { buildService } from '../../support/applications.js'

const TIMEOUT_MS = 1_000
// What the bound may be passed by.
const GRACE_MS = 1_000
const HEAD = 'POST /api-token-auth/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'

const requests: Record<string, { first: string, trickle?: string }> = {
  'a body whose last byte is held back': { first: `${HEAD}Content-Length: 10\r\n\r\n{"a": "b"` },
  'a body that trickles': { first: `${HEAD}Content-Length: 10000\r\n\r\n{`, trickle: ' ' },
  'a chunked body without end': { first: `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, trickle: '1\r\n \r\n' },
  'a head that is held back': { first: HEAD },
  'a head that trickles': { first: HEAD, trickle: 'X-More: 1\r\n' },
  'a second request on a connection': { first: `GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n${HEAD}Content-Length: 10\r\n\r\n{` }
}

for (const [what, { first, trickle }] of Object.entries(requests)) {
  t.test(`${what} is cut off in time, and told why`, async (t) => {
    const { server } = await buildService(t, { REQUEST_TIMEOUT_MS: String(TIMEOUT_MS) })
    await server.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1')
    await once(socket, 'connect')
    const { answer, ms } = await converse(socket, first, trickle)
    t.match(answer, /HTTP\/1\.1 408 Request Timeout\r\n/)
    t.ok(ms >= TIMEOUT_MS && ms <= TIMEOUT_MS + GRACE_MS, `${ms} ms`)
  })
}

t.test('a request that comes in time is answered, however slow', async (t) => {
  const { server } = await buildService(t, { REQUEST_TIMEOUT_MS: '5000' })
  await server.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  const { answer } = await converse(socket, `${HEAD}Connection: close\r\nContent-Length: 12\r\n\r\n`, '{}          ', 700)
  t.match(answer, 'HTTP/1.1 400 Bad Request')
})

/** Sends one piece, and others behind it. @returns what came back until the connection ended, and after how long that was */
async function converse (socket: Socket, first: string, trickle = '', pauseMs = 100): Promise<{ answer: string, ms: number }> {
  let answer = ''
  socket.on('error', () => {}).setEncoding('utf8').on('data', (text: string) => { answer += text })
  const startedAt = performance.now()
  socket.write(first)
  const timer = setInterval(() => { if (trickle !== '') socket.write(trickle) }, pauseMs)
  await once(socket, 'close')
  clearInterval(timer)
  return { answer, ms: performance.now() - startedAt }
}
