import { type Agent, type IncomingHttpHeaders, request } from 'node:http'

const TIMEOUT_MS = 60_000

/** A request to the service. */
export interface Question {
  method: string
  path: string
  headers?: Record<string, string>
  body?: string
}

/** What the service answered. */
export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** Sends a request over the loopback. @param agent keeps the connection */
export function send (agent: Agent, port: number, { method, path, headers = {}, body = '' }: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const outgoing = request({
      agent,
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { ...headers, ...length },
      timeout: TIMEOUT_MS
    }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => resolve({
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString()
      }))
      incoming.on('error', reject)
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** A login. */
export const login = (username: string, password: string): Question => ({
  method: 'POST',
  path: '/api-token-auth/',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ username, password })
})
