import type { KEYWORD_PATTERN } from '../options/plugin-options.js'
import { urlProblems } from '../api/service-url.js'
import { ClientError, type Failure } from './client-error.js'

// A copy, whose type holds it equal: to import it would load more than the client needs.
const KEYWORD: typeof KEYWORD_PATTERN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"

/** Where the service is, and who asks it. */
export interface ClientOptions {
  /** The address of the service, as https://auth.example.org; a path before the service's own is kept. */
  url: string
  /** The caller's token. Without it only `exchange` works. */
  token?: string
  /** The keyword of the service. @default 'Token' */
  keyword?: string
  /** How long an answer is waited for, in milliseconds. @default 10000 */
  timeoutMs?: number
  /** What sends requests. @default the global one */
  fetch?: typeof globalThis.fetch
}

/** What goes with a request. `anonymous`: not the caller's token. */
export interface Call {
  query?: Record<string, string | number | undefined>
  json?: object
  form?: Record<string, string>
  anonymous?: boolean
}

export type Requests = ReturnType<typeof createRequests>

/** @throws TypeError with all options that are wrong, never with their values */
export function createRequests (options: ClientOptions) {
  const problems = optionProblems(options)
  if (problems.length > 0) throw new TypeError(`createClient: ${problems.join('; ')}`)
  const { url, token, keyword = 'Token', timeoutMs = 10_000, fetch = globalThis.fetch } = options
  const base = url.replace(/\/+$/, '')

  /** Sends a request. @returns the answer's JSON, undefined where it has none. @throws ClientError */
  return async function request<Answer> (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, call: Call = {}): Promise<Answer> {
    const what = `${method} ${path}`
    const signal = AbortSignal.timeout(timeoutMs)
    let answer: Pick<Response, 'status' | 'ok' | 'headers'>
    let text: string
    try {
      // A redirect would take a password along.
      const options: RequestInit = { method, headers: headersOf(call), redirect: 'manual', signal, ...bodyOf(call) }
      const response = await fetch(`${base}${path}${queryOf(call)}`, options)
      text = await response.text()
      answer = response
    } catch (error) {
      if (signal.aborted) throw new ClientError('AUTHTOKEN_TIMEOUT', `${what} was not answered within ${timeoutMs} ms`)
      // What fetch says may quote a header: its code is all that is told of it.
      const { code } = ((error as { cause?: unknown } | null)?.cause ?? {}) as { code?: unknown }
      throw new ClientError('AUTHTOKEN_UNREACHABLE', `${what} was not answered${typeof code === 'string' ? `: ${code}` : ''}`)
    }
    const { status, ok, headers } = answer
    const parsed = text === '' ? undefined : parse(text)
    if (!ok) {
      const failure = { status, ...readFailure(parsed), ...readRetryAfter(headers.get('retry-after')) }
      throw new ClientError('AUTHTOKEN_REFUSED', `${what} was answered ${status}`, failure)
    }
    if (parsed === null) throw new ClientError('AUTHTOKEN_BAD_ANSWER', `${what} was answered ${status}, without JSON`, { status })
    return parsed as Answer
  }

  function headersOf ({ json, form, anonymous = false }: Call): Record<string, string> {
    return {
      accept: 'application/json',
      ...(token !== undefined && !anonymous && { authorization: `${keyword} ${token}` }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' })
    }
  }
}

/** A part of a path. @throws TypeError where it would be none, so that the path would be that of something else */
export function pathSegment (text: string): string {
  if (!['', '.', '..'].includes(text)) return encodeURIComponent(text)
  throw new TypeError('a username or an id that is empty, or of dots alone, can not be part of a path')
}

function optionProblems ({ url, token, keyword = 'Token', timeoutMs = 1, fetch = globalThis.fetch }: ClientOptions): string[] {
  return [
    ...urlProblems(url),
    ...(token === undefined || (typeof token === 'string' && /^[\x21-\x7E]+$/.test(token)) ? [] : ['token must be a token of the service']),
    ...(typeof keyword === 'string' && new RegExp(KEYWORD).test(keyword) ? [] : ['keyword must be a word without spaces']),
    ...(Number.isInteger(timeoutMs) && timeoutMs > 0 ? [] : ['timeoutMs must be a whole number of milliseconds from 1']),
    ...(typeof fetch === 'function' ? [] : ['fetch must be a function'])
  ]
}

function queryOf ({ query = {} }: Call): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value))
  return parameters.size > 0 ? `?${parameters}` : ''
}

function bodyOf ({ json, form }: Call): { body?: string } {
  if (json !== undefined) return { body: JSON.stringify(json) }
  return form === undefined ? {} : { body: new URLSearchParams(form).toString() }
}

/** Null where it is no JSON: the parser's own message would quote the answer. */
function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Reads errors of DRF's form, and of OAuth 2.0's (RFC 6749 section 5.2). By hand: the client loads no library. */
function readFailure (body: unknown): Failure {
  if (typeof body !== 'object' || body === null) return {}
  const { detail, error_description: description, ...fields } = body as Record<string, unknown>
  if (typeof detail === 'string') return { detail }
  if (typeof description === 'string') return { detail: description }
  return Object.values(fields).every(Array.isArray) ? { fields: fields as Record<string, string[]> } : {}
}

const readRetryAfter = (header: string | null): Failure => header !== null && /^\d{1,9}$/.test(header) ? { retryAfter: Number(header) } : {}
