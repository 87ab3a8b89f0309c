import t, { type Test } from 'tap'
import { buildHost } from '../support/applications.js'
import { makeUser } from '../support/users.js'
import type { FastifyAuthtokenOptions } from '../../src/index.js'

/** An application with routes that need scopes, and tokens to ask with. */
async function setUp (t: Test, options: Partial<FastifyAuthtokenOptions> = {}) {
  const app = await buildHost(t, options)
  const handler = async () => ({ ok: true })
  app.get('/declared', { config: { authtoken: { scope: 'orders:read' } } }, handler)
  app.get('/both', { config: { authtoken: { scope: 'orders:read orders:write', keywords: ['Bearer'] } } }, handler)
  app.get('/composed', { onRequest: app.auth([app.requireScope('orders:read')]) }, handler)
  app.get('/either', { onRequest: app.auth([app.requireScope('orders:write'), app.requireScope('orders:read')]) }, handler)
  app.get('/staff', { config: { authtoken: { permission: 'isAdminUser' } } }, handler)
  app.get('/staff-orders', { config: { authtoken: { permission: 'isAdminUser', scope: 'orders:read' } } }, handler)
  app.get('/in-code', async ({ auth }) => Object.fromEntries(['orders:read', 'orders:read orders:write', 'admin', 'introspect', '*', 'tokens'].map((scope) => [scope, auth?.hasScope(scope) ?? null])))
  const ann = await makeUser(app.authtoken, 'ann')
  const root = await makeUser(app.authtoken, 'root', { isSuperuser: true, isStaff: true })
  const staff = await makeUser(app.authtoken, 'staff', { isStaff: true })
  const keyOf = async ({ user }: { user: { id: number } }, scope: string) => (await app.authtoken.tokens.create(user, { scope })).key
  const ask = async (url: string, key?: string, keyword = 'Token') => {
    const response = await app.inject({ url, headers: key === undefined ? {} : { authorization: `${keyword} ${key}` } })
    return { status: response.statusCode, challenge: response.headers['www-authenticate'], body: response.json() }
  }
  return { app, ann, root, staff, keyOf, ask }
}

const CHALLENGE = 'Token error="insufficient_scope", scope="orders:read"'
const DENIED = { detail: 'You do not have permission to perform this action.' }

t.test('a route that needs a scope refuses tokens without it, as RFC 6750 says', async (t) => {
  const { ann, keyOf, ask } = await setUp(t)
  const [reader, writer, none] = [await keyOf(ann, 'orders:read'), await keyOf(ann, 'orders:write orders:readers'), await keyOf(ann, '')]
  for (const url of ['/declared', '/composed']) {
    t.same(await ask(url), { status: 401, challenge: 'Token', body: { detail: 'Authentication credentials were not provided.' } }, url)
    t.match(await ask(url, reader), { status: 200 })
    t.match(await ask(url, ann.token.key), { status: 200 }, 'full power has every scope')
    for (const key of [writer, none]) t.same(await ask(url, key), { status: 403, challenge: CHALLENGE, body: DENIED })
  }
  t.same(await ask('/both', reader, 'Bearer'), { status: 403, challenge: 'Bearer error="insufficient_scope", scope="orders:read orders:write"', body: DENIED })
  t.match(await ask('/both', await keyOf(ann, 'x orders:write orders:read'), 'Bearer'), { status: 200 })
  t.same(await ask('/either', reader), { status: 200, challenge: undefined, body: { ok: true } }, 'no challenge stays on a 200')
  t.match(await ask('/either', none), { status: 403 })
})

t.test('a handler asks for scopes in code', async (t) => {
  const { ann, root, keyOf, ask } = await setUp(t)
  const scopes = async (key?: string) => (await ask('/in-code', key)).body
  const nothing = { 'orders:read': false, 'orders:read orders:write': false, admin: false, introspect: false, '*': false, tokens: false }
  const all = { 'orders:read': true, 'orders:read orders:write': true, admin: true, introspect: true, '*': true, tokens: true }
  t.same(await scopes(), Object.fromEntries(Object.keys(nothing).map((name) => [name, null])))
  t.same(await scopes(ann.token.key), { ...all, admin: false, introspect: false }, 'full power implies no reserved scope')
  t.same(await scopes(root.token.key), all, 'but for administrators')
  t.same(await scopes(await keyOf(ann, '')), nothing)
  t.same(await scopes(await keyOf(ann, 'orders:read')), { ...nothing, 'orders:read': true })
  t.same(await scopes(await keyOf(ann, 'admin introspect')), { ...nothing, introspect: true }, 'admin counts for administrators alone')
  t.same(await scopes(await keyOf(root, 'admin')), { ...nothing, admin: true, introspect: true })
})

t.test('staff is an administrator where it is set so', async (t) => {
  const { staff, ask } = await setUp(t, { administrators: 'staff' })
  t.match((await ask('/in-code', staff.token.key)).body, { admin: true, introspect: true })
  const usual = await setUp(t)
  t.match((await usual.ask('/in-code', usual.staff.token.key)).body, { admin: false, introspect: false })
})

t.test('the staff flag counts only with full power or the scope admin', async (t) => {
  const { staff, ann, keyOf, ask } = await setUp(t)
  t.match(await ask('/staff', staff.token.key), { status: 200 })
  t.match(await ask('/staff', await keyOf(staff, 'admin')), { status: 200 })
  t.same(await ask('/staff', await keyOf(staff, 'orders:read')), { status: 403, challenge: undefined, body: DENIED })
  t.match(await ask('/staff', await keyOf(ann, 'admin')), { status: 403 })
  t.match(await ask('/staff-orders', await keyOf(staff, 'admin')), { status: 403, challenge: CHALLENGE })
  t.match(await ask('/staff-orders', await keyOf(staff, 'admin orders:read')), { status: 200 })
})

t.test('with errors: throw the host gets the challenge with the error', async (t) => {
  const { app, ann, keyOf } = await setUp(t, { errors: 'throw' })
  app.setErrorHandler((error: Error & { code: string, headers: object }, _request, reply) => reply.code(418).send({ code: error.code, headers: error.headers }))
  app.register(async (scope) => { scope.get('/late', { config: { authtoken: { scope: 'orders:read' } } }, async () => '') })
  const response = await app.inject({ url: '/late', headers: { authorization: `Token ${await keyOf(ann, 'x')}` } })
  t.same(response.json(), { code: 'AUTHTOKEN_INSUFFICIENT_SCOPE', headers: { 'www-authenticate': CHALLENGE } })
})

t.test('a scope that can not be is a mistake of the program, found at the start', async (t) => {
  const app = await buildHost(t)
  for (const scope of ['', 'a  b', 'a"', 7]) {
    t.throws(() => app.requireScope(scope as string), { code: 'AUTHTOKEN_INVALID_SETTINGS', message: /requireScope: the scope must be/ })
    t.throws(() => app.get('/x', { config: { authtoken: { scope: scope as string } } }, async () => ''), { message: "GET /x: config.authtoken.scope must be one or more scopes with single spaces between them, as 'orders:read'" })
  }
})
