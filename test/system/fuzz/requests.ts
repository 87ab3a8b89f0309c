import { METHODS } from 'node:http'
import { type Account, type Accounts, GUESTS } from './accounts.js'
import { type Draft, draft, latin1, setHeader } from './draft.js'
import type { Random } from './random.js'
import { FIELDS, oddJson, oddString } from './values.js'

/** A request of the conformance fixtures. */
export interface ConformanceRequest {
  method: string
  path: string
  headers: Array<[string, string]>
  body?: string
  body_b64?: string
}

/** What requests are made from. */
export interface Material {
  accounts: Accounts
  cases: ConformanceRequest[]
}

type Recipe = (random: Random, material: Material) => Draft

const BOUNDARY = 'BoUnDaRy'
const PUBLIC_PATHS = [
  '/healthz', '/readyz', '/openapi.json', '/docs', '/docs/', '/docs/json', '/docs/yaml', '/docs/static/index.html', '/docs/static/index.css',
  '/docs/static/swagger-initializer.js', '/docs/static/..%2f..%2fpackage.json', '/docs/static/../../package.json', '/', '/favicon.ico', '/users/../healthz'
]
const TOKEN_PATHS = [
  '/tokens/',
  '/tokens/current/',
  '/tokens/drf-1/',
  '/tokens/drf-99999999999999999999/',
  '/tokens/0123456789abcdef/',
  '/tokens/current/rotate/'
]
const USER_PATHS = ['/users/me/', '/users/', '/users/alice/', '/users/root', '/users/guest-1/']

/** A request that the service knows, mostly a valid one. */
export function makeRequest (random: Random, material: Material): Draft {
  return random.pick(RECIPES)(random, material)
}

const conformance: Recipe = (random, { accounts, cases }) => {
  const { method, path, headers, body = '', body_b64: base64 } = random.pick(cases)
  const target = path.startsWith('/api-token-auth') ? path : random.pick(USER_PATHS)
  const request = draft(method, target)
  request.headers = headers
    .filter(([name]) => !['content-length', 'connection'].includes(name.toLowerCase()))
    .map(([name, value]) => [name, value.replace(/<TOKEN:(\w+)>/g, (_, id) => accounts.byId.get(id)?.token ?? '')])
  request.body = base64 === undefined ? Buffer.from(body) : Buffer.from(base64, 'base64')
  return request
}

const login: Recipe = (random, { accounts }) => {
  const fixture = random.pick([...accounts.byId.values()])
  const account = random.chance(0.3) ? random.pick(GUESTS) : fixture
  const fields = {
    username: random.chance(0.05) ? oddString(random) : account.username,
    password: random.chance(0.3) || account.password === null ? oddString(random) : account.password
  }
  return random.pick([jsonLogin, formLogin, multipartLogin])(fields)
}

type Fields = Record<string, string>

const jsonLogin = (fields: Fields) => withBody(draft('POST', '/api-token-auth/'), 'application/json', JSON.stringify(fields))

const formLogin = (fields: Fields) =>
  withBody(draft('POST', '/api-token-auth/'), 'application/x-www-form-urlencoded', new URLSearchParams(fields).toString())

const multipartLogin = (fields: Fields) => {
  const parts = Object.entries(fields).map(([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; ` +
    `name="${name}"\r\n\r\n${value}\r\n`)
  return withBody(draft('POST', '/api-token-auth/'), `multipart/form-data; boundary=${BOUNDARY}`, `${parts.join('')}--${BOUNDARY}--\r\n`)
}

const me: Recipe = (random, material) => as(random, material, draft('GET', '/users/me/'))

const list: Recipe = (random, material) => {
  const query = [
    ...(random.chance(0.5) ? [`page=${random.pick(['1', '2', '3', '0', '-1', '1e3', '99999999', '1000000', 'last', '', '%31'])}`] : []),
    ...(random.chance(0.5) ? [`page_size=${random.pick(['1', '2', '10', '1000', '1001', '0', 'x', '1.0'])}`] : []),
    ...(random.chance(0.4)
      ? [`search=${encode(random.chance(0.5) ? oddString(random) : random.pick(['a', 'guest', '%', '_', 'root']))}`]
      : [])
  ]
  return as(random, material, draft('GET', query.length === 0 ? '/users/' : `/users/?${query.join('&')}`))
}

const create: Recipe = (random, material) => {
  const { username, password } = random.pick(GUESTS)
  return withBody(as(random, material, draft('POST', '/users/')), 'application/json', jsonObject(random, { username, password }))
}

const read: Recipe = (random, material) => as(random, material, draft('GET', userPath(random, material)))

const change: Recipe = (random, material) => {
  const field = random.pick<() => Fields>([
    () => ({
      password: random.pick(GUESTS).password
    }), () => ({
      username: random.pick(GUESTS).username
    }), () => ({ email: 'guest@example.org' }), () => ({ first_name: 'Ann' }), () => ({})
  ])
  return withBody(as(random, material, draft('PATCH', userPath(random, material))), 'application/json', jsonObject(random, field()))
}

const remove: Recipe = (random, material) => as(random, material, draft('DELETE', userPath(random, material)))

const makeToken: Recipe = (random, material) => withBody(as(
  random,
  material,
  draft('POST', random.pick(['/tokens/', `${userPath(random, material).replace(/\/$/, '')}/tokens/`]))
), 'application/json', jsonObject(random, {
  ...(random.chance(0.5) && { name: random.pick(['ci', 'laptop', 'drf', oddString(random)]) }),
  ...(random.chance(0.5) && { scope: random.pick(['*', '', 'tokens', 'a b', 'admin', 'introspect', oddString(random)]) })
}))

const useToken: Recipe = (random, material) => {
  const path = random.chance(0.1) ? `/tokens/${encode(oddString(random))}/` : random.pick(TOKEN_PATHS)
  const request = as(
    random,
    material,
    draft(random.pick(['GET', 'GET', 'PATCH', 'DELETE', 'POST']), path + random.pick(['', '', '?keep=current', '?keep=x', '?page=0']))
  )
  return ['PATCH', 'POST'].includes(request.method)
    ? withBody(request, 'application/json', `{${random.pick(['"disabled":true', '"grace":60', '"grace":-1', '"name":"robot"', `"scope":${oddJson(random)}`, `"grace":${oddJson(random)}`])}}`)
    : request
}

const introspect: Recipe = (random, material) => {
  const one = () => random.chance(0.4) ? oddString(random) : random.pick([...material.accounts.byId.values()]).token ?? ''
  const form = `token=${encodeURIComponent(Buffer.from(one()).toString())}${random.chance(0.2) ? `&${random.pick(['token_type_hint', 'token', 'x', ''])}=${random.pick(['access_token', '', '%zz'])}` : ''}`
  const type = 'application/x-www-form-urlencoded'
  return random.pick([
    () => withBody(as(random, material, draft('POST', '/introspect')), type, form),
    () => withBody(as(random, material, draft('POST', '/revoke')), type, form),
    () => withBody(
      as(random, material, draft('POST', '/introspect/batch')),
      'application/json',
      JSON.stringify({
        tokens: Array.from({ length: random.int(5) }, one),
        ...(random.chance(0.5) && { identity: random.chance(0.9) || one() })
      })
    ),
    () => as(random, material, draft('GET', '/.well-known/oauth-authorization-server'))
  ])()
}

const forwardAuth: Recipe = (random, material) => {
  const request = as(
    random,
    material,
    draft(
      random.chance(0.5) ? 'GET' : random.pick(METHODS.filter((method) => method !== 'CONNECT')),
      `/forward-auth${random.pick(['', '', '?scope=orders:read', '?staff=1', '?scope=', '?x=y', '/', '/-/scope/orders:read/-/a', '/-/staff/1', '/-/', `/${encode(oddString(random))}`, '/users/me/?page=1', '/%zz'])}`
    )
  )
  return random.chance(0.3)
    ? withBody(request, random.pick(['application/json', 'text/xml', 'multipart/form-data']), random.pick(['', '{', 'x']))
    : request
}

const anything: Recipe = (random, material) => as(random, material, draft(
  random.chance(0.6) ? 'GET' : random.pick(METHODS), random.chance(0.7)
    ? random.pick(PUBLIC_PATHS)
    : random.pick([...USER_PATHS, ...TOKEN_PATHS, '/api-token-auth/'])
))

const RECIPES: Recipe[] = [
  conformance, conformance, conformance, conformance, login, login, login, me, me, list, list, create, create, read, change, change, remove, makeToken, makeToken, useToken, useToken, useToken, introspect, introspect, forwardAuth, forwardAuth, anything, anything
]

/** Adds somebody's token, most often one of those with all rights. */
function as (random: Random, { accounts }: Material, request: Draft): Draft {
  const token = caller(random, accounts)?.token
  if (typeof token === 'string') setHeader(request, 'Authorization', `${random.chance(0.9) ? 'Token' : random.pick(['token', 'TOKEN', 'Bearer', 'Token ', 'Token\t'])} ${token}`)
  return request
}

function caller (random: Random, { administrator, staff, byId }: Accounts): Account | undefined {
  if (random.chance(0.7)) return administrator
  if (random.chance(0.2)) return staff
  return random.chance(0.2) ? undefined : random.pick([...byId.values()])
}

function userPath (random: Random, { accounts }: Material): string {
  const kind = random.int(10)
  if (kind === 0) return `/users/${encode(oddString(random))}/`
  if (kind < 6) return `/users/${random.pick(GUESTS).username}${random.pick(['/', ''])}`
  return `/users/${encode(random.pick([...accounts.byId.values()]).username)}/`
}

/** An object with the fields given and a few odd ones, duplicates included. */
function jsonObject (random: Random, fields: Fields): string {
  const members = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  while (random.chance(0.3)) members.push(`${JSON.stringify(random.pick(FIELDS))}:${oddJson(random)}`)
  if (random.chance(0.3)) members.push(`"${random.pick(['is_active', 'is_staff', 'is_superuser'])}":${random.chance(0.5)}`)
  return `{${members.join(',')}}`
}

function withBody (request: Draft, type: string, body: string): Draft {
  setHeader(request, 'Content-Type', type)
  request.body = Buffer.from(body)
  return request
}

/** Percent-encoded, or the raw bytes where the text can't be. */
function encode (text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    return latin1(text).replace(/[\r\n ]/g, '')
  }
}
