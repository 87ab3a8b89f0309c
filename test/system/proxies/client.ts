import { Agent, request } from 'node:http'

const TIMEOUT_MS = 20_000

/** A request, to the byte of its line and headers. */
export interface Question {
  method?: string
  path?: string
  token?: string | undefined
  headers?: Array<[string, string]>
  body?: Buffer
  /** Without a length. */
  chunked?: boolean
  /** Behind a chunked body. */
  trailers?: Array<[string, string]>
  /** Keeps the connection. */
  agent?: Agent
}

/** What a client gets. */
export interface Answer {
  status: number
  challenge: string | undefined
  text: string
}

/** One connection, for several requests. */
export const oneConnection = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 })

/** Sends a request over the loopback. */
export function ask (port: number, { method = 'GET', path = '/', token, headers = [], body, chunked = false, trailers = [], agent }: Question): Promise<Answer> {
  const lines = [['Host', `127.0.0.1:${port}`], ...headers]
  if (token !== undefined) lines.push(['Authorization', `Token ${token}`])
  if (body !== undefined) lines.push(chunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(body.length)])
  return new Promise((resolve, reject) => {
    // A flat list is sent as it stands, doubles and all.
    const outgoing = request({
      agent: agent ?? false,
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: lines.flat() as never,
      timeout: TIMEOUT_MS
    }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => resolve({
        status: incoming.statusCode ?? 0,
        challenge: incoming.headers['www-authenticate'],
        text: Buffer.concat(chunks).toString()
      }))
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer within ${TIMEOUT_MS} ms`)))
    outgoing.on('error', reject)
    if (chunked && body !== undefined) for (let i = 0; i < body.length; i += 10_007) outgoing.write(body.subarray(i, i + 10_007))
    outgoing.addTrailers(trailers)
    outgoing.end(chunked ? undefined : body)
  })
}
