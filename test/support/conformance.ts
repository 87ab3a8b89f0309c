import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { FastifyRequest } from 'fastify'
import type { Test } from 'tap'
import { buildHost } from './applications.js'
import { fixture } from './fixtures.js'
import type { RawResponse } from './raw-http.js'

/** A request that was sent to the real DRF, and what it answered. */
export interface Case {
  name: string
  tier: 'must' | 'free'
  request: { method: string, path: string, headers: Array<[string, string]>, body?: string, body_b64?: string }
  response: { status: number, headers: Record<string, string>, json?: unknown }
}

export const cases: Case[] = JSON.parse(readFileSync(fixture('conformance/cases.json'), 'utf8'))
const users: Array<{ id: string, token: string | null }> = JSON.parse(readFileSync(fixture('conformance/users.json'), 'utf8'))

/** The cases with the users' keys put in. */
export function createReplay () {
  const keys = new Map(users.map(({ id, token }) => [id, token]))

  const expand = (text: string): string => text
    .replace(/<TOKEN:(\w+)>/g, (_, id) => keys.get(id) ?? `<no token of ${id}>`)
    .replace(/<TOKEN_UPPER:(\w+)>/g, (_, id) => keys.get(id)?.toUpperCase() ?? '')
    .replace(/<TOKEN_CUT:(\w+)>/g, (_, id) => keys.get(id)?.slice(0, 39) ?? '')

  return {
    /** The DRF token of each user; of one who had none, once it is made. */
    keys,

    bytesOf ({ method, path, headers, body, body_b64: base64 }: Case['request']): Buffer {
      const payload = base64 === undefined ? Buffer.from(expand(body ?? '')) : Buffer.from(base64, 'base64')
      const hasBody = Boolean(body) || Boolean(base64)
      const lines = headers.map(([name, value]) => `${name}: ${hasBody && /^content-length$/i.test(name) ? payload.length : expand(value)}`)
      return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'), payload])
    },

    /** How an answer differs from what DRF answered. */
    differences ({ response: want }: Case, got: RawResponse): string[] {
      const found = []
      if (got.status !== want.status) found.push(`status ${got.status}, not ${want.status}`)
      if (got.headers['www-authenticate'] !== want.headers['WWW-Authenticate']) found.push(`challenge ${got.headers['www-authenticate']}`)
      const sameMethods = isDeepStrictEqual(methods(got.headers.allow), methods(want.headers.Allow))
      if (want.status === 405 && !sameMethods) found.push(`Allow ${got.headers.allow}`)
      if ('json' in want) {
        const expected = JSON.parse(expand(JSON.stringify(want.json)))
        const json = got.text.startsWith('{') ? JSON.parse(got.text) : null
        const isSame = isDeepStrictEqual(loosen(json), loosen(expected))
        if (!isSame) found.push(`body ${got.text.slice(0, 200)}, not ${JSON.stringify(expected).slice(0, 200)}`)
        else if (!got.headers['content-type']?.startsWith('application/json')) found.push(`content type ${got.headers['content-type']}`)
      }
      return found
    }
  }
}

/** The words behind 'parse error - ' are the parser's own. */
const loosen = (json: unknown): unknown => {
  const { detail } = (json ?? {}) as { detail?: unknown }
  return typeof detail === 'string' ? { ...json as object, detail: detail.replace(/ parse error - .*/s, ' parse error') } : json
}

const methods = (allow = '') =>
  allow.split(',').map((method) => method.trim()).filter((method) => method !== '' && method !== 'OPTIONS').sort()

/** An application with the routes that the cases ask for, listening. */
export async function listenForCases (t: Test, url: string) {
  const app = await buildHost(t, { database: url })
  const handler = async ({ user, auth, headers }: FastifyRequest) =>
    ({ user: user?.username ?? '', auth: auth === null ? null : headers.authorization?.trim().split(/\s+/)[1] })
  app.get('/whatever/', { config: { authtoken: { permission: 'isAuthenticated' } } }, handler)
  for (const [url, authtoken] of [
    ['/x/public/', {}],
    ['/x/read-only/', { permission: 'isAuthenticatedOrReadOnly' }],
    ['/x/admin-only/', { permission: 'isAdminUser' }],
    ['/x/bearer/', { permission: 'isAuthenticated', keywords: ['Bearer'] }]
  ] as const) {
    app.route({ method: ['GET', 'POST'], url, config: { authtoken: authtoken as object }, handler })
  }
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, port: (app.server.address() as AddressInfo).port }
}
