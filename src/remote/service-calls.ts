import { Pool } from 'undici'
import type { CachedIdentity } from '../authentication/cached-identity.js'
import { addressOf } from './address.js'
import { readAnswer } from './read-answers.js'
import { unavailable } from './service-failure.js'
import type { RemoteSettings } from './remote-options.js'

// A thousand identities with the longest scopes are a third of it.
const LARGEST_ANSWER = 16 * 1024 * 1024
const LONGEST_PAUSE_SECONDS = 60
// What undici and Node say of a connection that ended under a request.
const BROKEN = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** Keeps connections to the service, and asks it about tokens. */
export function createService (settings: Pick<RemoteSettings, 'url' | 'token' | 'keyword' | 'timeoutMs' | 'connections'>) {
  const { timeoutMs, connections } = settings
  const { origin, path, authorization } = addressOf(settings, '/introspect/batch')
  const pool = new Pool(origin, { connections, connect: { timeout: timeoutMs }, maxResponseSize: LARGEST_ANSWER })

  async function post (body: string, signal: AbortSignal) {
    const response = await pool.request({
      method: 'POST',
      path,
      headers: { authorization, 'content-type': 'application/json', accept: 'application/json' },
      body,
      signal
    })
    return { status: response.statusCode, retryAfter: response.headers['retry-after'], text: await response.body.text() }
  }

  /** Introspection changes nothing: where the connection breaks it is safe to ask once more. */
  async function ask (body: string) {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      return await post(body, signal).catch((error) => {
        if (BROKEN.has(error.code)) return post(body, signal)
        throw error
      })
    } catch (error) {
      throw unavailable(signal.aborted ? `the service did not answer within ${timeoutMs} ms` : 'the service can not be reached', error)
    }
  }

  return {
    /** What is known of each token; undefined: nobody has it. @throws 503 where the service did not say; its cause has the reason */
    async introspect (tokens: string[]): Promise<Array<CachedIdentity | undefined>> {
      const { status, retryAfter, text } = await ask(JSON.stringify({ tokens, identity: true }))
      if (status !== 200) throw unavailable(reasonOf(status), undefined, secondsOf(retryAfter))
      const known = readAnswer(parse(text), tokens.length)
      if (known === null) throw unavailable('the service answered 200 with something else than a result for each token')
      return known
    },

    close: (): Promise<void> => pool.destroy()
  }
}

function reasonOf (status: number): string {
  if (status === 401) return 'the service answered 401: the token given to remote() is not valid there'
  if (status === 403) return 'the service answered 403: the token given to remote() lacks the scope introspect'
  return `the service answered ${status}`
}

function secondsOf (header: string | string[] | undefined): number {
  const seconds = Number(header)
  return seconds >= 1 && seconds <= LONGEST_PAUSE_SECONDS ? seconds : 1
}

/** The parser's own message would quote the answer. */
function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
