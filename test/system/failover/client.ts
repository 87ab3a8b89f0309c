import { Agent, request as send } from 'node:http'

/** What became of a request. Times are those of `performance.now()`. */
export interface Answer {
  /** `lost`: the connection was cut; `late`: no answer within the limit. */
  status: number | 'lost' | 'late'
  body: Record<string, unknown>
  retryAfter: string | undefined
  sent: number
  answered: number
}

/** What a request carries. */
export interface Content {
  token?: string
  body?: unknown
}

/** Speaks with one node of the service. */
export type Client = ReturnType<typeof createClient>

/** After this time a request counts as hung. */
export const LIMIT_MS = 15_000

/**
 * A client that never throws and never retries: each request has one answer.
 * @param origin of the node
 */
export function createClient (origin: string) {
  const agent = new Agent({ keepAlive: true })

  function request (method: string, path: string, { token, body }: Content = {}): Promise<Answer> {
    const sent = performance.now()
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      ...(token !== undefined && { authorization: `Token ${token}` }),
      ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    }
    return new Promise((resolve) => {
      const finish = (status: Answer['status'], body: Answer['body'] = {}, retryAfter?: string) => {
        clearTimeout(timer)
        resolve({ status, body, retryAfter, sent, answered: performance.now() })
      }
      const outgoing = send(`${origin}${path}`, { method, agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', () => finish('lost'))
        response.on('end', () => finish(
          response.statusCode as number,
          parse(Buffer.concat(chunks).toString()),
          response.headers['retry-after']
        ))
      })
      outgoing.on('error', (error) => finish('lost', { error: error.message }))
      const timer = setTimeout(() => {
        finish('late')
        outgoing.destroy()
      }, LIMIT_MS)
      outgoing.end(text)
    })
  }

  return { request, close: () => agent.destroy() }
}

function parse (text: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch {
    return text === '' ? {} : { text }
  }
}
