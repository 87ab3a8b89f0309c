import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { buildHost, buildService } from '../support/applications.js'
import { makeUser } from '../support/users.js'

// All 20 forms at once, with their clients in the same process.
const LONGEST_TURN_MS = 400
const URLENCODED = 'application/x-www-form-urlencoded'
const MULTIPART = 'multipart/form-data; boundary=b'
const LOGIN: Array<[string, string]> = [['username', 'nobody'], ['password', 'none']]

const urlencoded = (fields: number): string => new URLSearchParams([...LOGIN, ...others(fields)]).toString()
const others = (fields: number): Array<[string, string]> => Array.from({ length: fields - LOGIN.length }, (_, i) => [`f${i}`, 'x'])
const part = (disposition: string, value: string): string => `--b\r\nContent-Disposition: ${disposition}\r\n\r\n${value}\r\n`
const multipart = (fields: number, files = 0): string => [
  ...[...LOGIN, ...others(fields)].map(([name, value]) => part(`form-data; name="${name}"`, value)),
  ...Array.from({ length: files }, (_, i) => part(`form-data; name="u${i}"; filename="u"`, 'x'))
].join('') + '--b--\r\n'

const MANY = (form: string) => ({ detail: `${form} parse error - the body may have 1000 fields and 100 files at most.` })
const WRONG = { non_field_errors: ['Unable to log in with provided credentials.'] }

const forms: Record<string, [type: string, payload: string, answer: object]> = {
  'as many fields as may be': [URLENCODED, urlencoded(1_000), WRONG],
  'one field more': [URLENCODED, urlencoded(1_001), MANY('Form')],
  'separators alone': [URLENCODED, '&'.repeat(250_000), MANY('Form')],
  'as many fields and files as may be, in parts': [MULTIPART, multipart(1_000, 100), WRONG],
  'one part more': [MULTIPART, multipart(1_001), MANY('Multipart form')],
  'one file more': [MULTIPART, multipart(10, 101), MANY('Multipart form')],
  'parts that are neither': [MULTIPART, part('nothing', 'x').repeat(2_000), MANY('Multipart form')]
}

t.test('a form has bounds', async (t) => {
  const app = await buildHost(t)
  for (const [what, [type, payload, answer]] of Object.entries(forms)) {
    const response = await app.inject({ method: 'POST', url: '/api-token-auth/', headers: { 'content-type': type }, payload })
    t.equal(response.statusCode, 400, what)
    t.same(response.json(), answer, what)
  }
})

t.test("so has a form of OAuth's endpoints", async (t) => {
  const { server, authtoken } = await buildService(t)
  const { authorization } = await makeUser(authtoken, 'root', { isSuperuser: true })
  for (const url of ['/introspect', '/revoke']) {
    const headers = { authorization, 'content-type': URLENCODED }
    const response = await server.inject({ method: 'POST', url, headers, payload: `token=x${'&'.repeat(100_000)}` })
    t.equal(response.statusCode, 400)
    t.same(response.json(), { error: 'invalid_request', error_description: 'The body may have 1000 parameters at most.' })
  }
})

t.test('large forms of many parts, many at once, leave others their turn', async (t) => {
  const { server } = await buildService(t)
  await server.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/api-token-auth/`
  const bodies: Array<[string, string]> = [
    [MULTIPART, part('form-data; name="a"', '').repeat(5_000).slice(0, 250_000)],
    [URLENCODED, 'a=&'.repeat(83_000)],
    [MULTIPART, multipart(998).replace('--b--\r\n', part('form-data; name="z"', 'x'.repeat(180_000)) + '--b--\r\n')]
  ]
  for (const [type, body] of bodies) {
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    const post = () => fetch(url, { method: 'POST', headers: { 'content-type': type, 'content-length': String(body.length) }, body })
    const answers = await Promise.all(Array.from({ length: 20 }, post))
    delay.disable()
    for (const { status } of answers) t.equal(status, 400)
    t.ok(delay.max / 1e6 < LONGEST_TURN_MS, `the longest turn was ${(delay.max / 1e6).toFixed()} ms`)
  }
})
