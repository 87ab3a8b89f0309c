import type { AddressInfo } from 'node:net'
import t from 'tap'
import { buildService } from '../../support/applications.js'
import { exchange } from '../../support/raw-http.js'
import { makeUser } from '../../support/users.js'
import { loadSettings } from '../../../src/service/settings.js'

const METADATA = '/.well-known/oauth-authorization-server'

interface Case { env?: NodeJS.ProcessEnv, headers: Record<string, string>, base: string, issuer?: string }

const cases: Record<string, Case> = {
  'a host that nobody vouches for': { headers: { host: 'evil.example' }, base: '', issuer: 'http://127.0.0.1:8000' },
  'one that only begins as loopback': { headers: { host: 'localhost.evil.example' }, base: '', issuer: 'http://127.0.0.1:8000' },
  'one that only ends as a known one': { env: { PUBLIC_HOSTS: 'auth.example' }, headers: { host: 'evil-auth.example' }, base: '', issuer: 'http://127.0.0.1:8000' },
  'a known one with another port': { env: { PUBLIC_HOSTS: 'auth.example' }, headers: { host: 'auth.example:81' }, base: '', issuer: 'http://127.0.0.1:8000' },
  'a host with a user before it': { env: { PUBLIC_HOSTS: 'auth.example' }, headers: { host: 'auth.example@evil.example' }, base: '', issuer: 'http://127.0.0.1:8000' },
  'a known one': { env: { PUBLIC_HOSTS: 'other.example,Auth.example' }, headers: { host: 'AUTH.example' }, base: 'http://auth.example' },
  'a known one with its port': { env: { PUBLIC_HOSTS: '10.0.0.7:81,[2001:db8::1]:8000' }, headers: { host: '[2001:db8::1]:8000' }, base: 'http://[2001:db8::1]:8000' },
  'a name of loopback': { headers: { host: 'localhost:8123' }, base: 'http://localhost:8123' },
  'an address of loopback': { headers: { host: '127.0.0.1:8123' }, base: 'http://127.0.0.1:8123' },
  'loopback of IPv6': { headers: { host: '[::1]:8123' }, base: 'http://[::1]:8123' },
  'the address that is set': { env: { PUBLIC_URL: 'https://auth.example/api/' }, headers: { host: 'evil.example' }, base: 'https://auth.example/api' },
  'the address that is set, on loopback too': { env: { PUBLIC_URL: 'https://auth.example' }, headers: { host: 'localhost' }, base: 'https://auth.example' },
  'a forwarded host that nobody vouches for': {
    env: { TRUST_PROXY: 'on' }, headers: { host: 'localhost', 'x-forwarded-host': 'evil.example' }, base: '', issuer: 'http://127.0.0.1:8000'
  },
  'a forwarded host that is known': {
    env: { TRUST_PROXY: 'on', PUBLIC_HOSTS: 'auth.example' }, headers: { 'x-forwarded-host': 'auth.example', 'x-forwarded-proto': 'https' }, base: 'https://auth.example'
  }
}

for (const [what, { env, headers, base, issuer = base }] of Object.entries(cases)) {
  t.test(`links and metadata: ${what}`, async (t) => {
    const { server, authtoken } = await buildService(t, env)
    const { user, authorization } = await makeUser(authtoken, 'root', { isSuperuser: true })
    await authtoken.tokens.create(user, {})
    for (const path of ['/users/', '/tokens/', '/users/root/tokens/']) {
      await makeUser(authtoken, `one-more-${path.length}`)
      const { next, previous } = (await server.inject({ url: `${path}?page_size=1`, headers: { ...headers, authorization } })).json()
      t.equal(next, `${base}${path}?page_size=1&page=2`)
      t.equal(previous, null)
      const second = await server.inject({ url: `${path}?page_size=1&page=2`, headers: { ...headers, authorization } })
      t.equal(second.json().previous, `${base}${path}?page_size=1`)
    }
    const metadata = await server.inject({ url: METADATA, headers })
    t.equal(metadata.statusCode, 200)
    t.match(metadata.json(), { issuer, introspection_endpoint: `${issuer}/introspect`, revocation_endpoint: `${issuer}/revoke` })
  })
}

t.test('no answer repeats a Host', async (t) => {
  const { server, authtoken } = await buildService(t)
  const { authorization } = await makeUser(authtoken, 'root', { isSuperuser: true })
  const paths = ['/', '/docs', '/docs/', '/docs/json', '/openapi.json', METADATA, '/users', '/users/', '/users/me/', '/tokens/?page_size=1', '/%zz', '/api-token-auth/']
  for (const url of paths) {
    const { headers, body } = await server.inject({ url, headers: { host: 'evil.example', authorization } })
    t.notMatch(JSON.stringify(headers) + body, /evil\.example/, url)
  }
})

t.test('without a Host, and listening, the metadata names the address that is listened on', async (t) => {
  const { server } = await buildService(t)
  await server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.server.address() as AddressInfo
  for (const request of [`GET ${METADATA} HTTP/1.0\r\n\r\n`, `GET ${METADATA} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`]) {
    const { status, text } = await exchange(port, Buffer.from(request))
    t.equal(status, 200)
    t.equal(JSON.parse(text).issuer, `http://127.0.0.1:${port}`)
  }
})

t.test('an address that is none is refused at the start', async (t) => {
  for (const PUBLIC_URL of ['auth.example', 'ftp://auth.example', 'https://', 'https://a@b', 'https://a/?x=1', 'https://a/#x', 'https://a b']) {
    t.throws(() => loadSettings({ PUBLIC_URL }), { message: /PUBLIC_URL must be http:\/\/ or https:\/\// }, PUBLIC_URL)
  }
  for (const PUBLIC_HOSTS of ['https://auth.example', 'a b', 'auth.example/x', 'a,,b', 'a@b', '*']) {
    t.throws(() => loadSettings({ PUBLIC_HOSTS }), { message: /PUBLIC_HOSTS must be one or more hosts/ }, PUBLIC_HOSTS)
  }
})
