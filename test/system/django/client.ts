/** An answer over HTTP. */
export interface Answer {
  status: number
  headers: Headers
  body: unknown
}

/** A client of either side. */
export type Client = ReturnType<typeof createClient>

const TIMEOUT_MS = 60_000

/**
 * Speaks with a server that has DRF's exchange and a path that says who the caller is.
 * @param origin of the server
 * @param me that path
 */
export function createClient (origin: string, me: string) {
  async function request (method: string, path: string, { token, body }: { token?: string | undefined, body?: unknown } = {}): Promise<Answer> {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Token ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' })
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS)
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : parse(text) }
  }

  return {
    request,

    /** Whose token that is: a name, or `401 ` and the reason. */
    async who (token: string): Promise<string> {
      return summary(await request('GET', me, { token }), ['user', 'username'])
    },

    /** What a login gives: a key, or `400 ` and the reason. */
    async login (username: string, password: string): Promise<string> {
      return summary(await request('POST', '/api-token-auth/', { body: { username, password } }), ['token'])
    }
  }
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function summary ({ status, body }: Answer, names: string[]): string {
  const fields = (body ?? {}) as Record<string, unknown>
  const name = names.find((name) => name in fields)
  if (status === 200 && name !== undefined) return String(fields[name])
  return `${status} ${[fields.detail ?? fields.non_field_errors ?? JSON.stringify(body)].flat().join(' ')}`
}
