import { type Agent, request } from 'node:http'

/** How long a request may wait for its answer. */
export const LIMIT_MS = 15_000

/** A request to a node. */
export interface Question {
  method?: string
  path: string
  token?: string
  body?: unknown
}

/** What became of it. Times are of the clock that never goes back. */
export interface Answer {
  /** 0: there was none. */
  status: number
  body: Record<string, unknown>
  retryAfter: string | undefined
  sent: number
  answered: number
  /** Why there was no answer. */
  problem?: string
}

/** Asks a node. Never fails: that there is no answer is an answer too. @param agent keeps the connections */
export function ask (agent: Agent, port: number, { method = 'GET', path, token, body }: Question): Promise<Answer> {
  const sent = performance.now()
  const text = body === undefined ? '' : JSON.stringify(body)
  const headers = {
    ...(token !== undefined && { authorization: `Token ${token}` }),
    ...(body !== undefined && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) })
  }
  return new Promise((resolve) => {
    const settle = (answer: Pick<Answer, 'status'> & Partial<Answer>) => {
      clearTimeout(timer)
      resolve({ body: {}, retryAfter: undefined, sent, answered: performance.now(), ...answer })
    }
    const outgoing = request({ agent, host: '127.0.0.1', port, method, path, headers }, (incoming) => {
      let content = ''
      incoming.setEncoding('utf8').on('data', (chunk: string) => { content += chunk })
      incoming.on('error', (error) => settle({ status: 0, problem: error.message }))
      incoming.on('end', () => settle({
        status: incoming.statusCode ?? 0,
        body: content === '' ? {} : JSON.parse(content),
        retryAfter: incoming.headers['retry-after']
      }))
    })
    const timer = setTimeout(() => {
      settle({ status: 0, problem: `no answer within ${LIMIT_MS / 1000} s` })
      outgoing.destroy()
    }, LIMIT_MS)
    outgoing.on('error', (error) => settle({ status: 0, problem: error.message }))
    outgoing.end(text)
  })
}
