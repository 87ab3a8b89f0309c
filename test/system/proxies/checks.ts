import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Report } from '../../support/check-report.js'
import type { Backend, Reached } from './backend.js'
import { type Answer, ask, oneConnection, type Question } from './client.js'
import type { Program } from './programs.js'
import { type Doomed, JURGEN, type Keys } from './service.js'

/** A proxy that runs, and what is around it. */
export interface Context {
  report: Report
  program: Program
  backend: Backend
  keys: Keys
  /** Where the proxy and the service listen. */
  proxy: number
  service: number
}

const EVIL = 'intruder'
const NAMES = ['X-Auth-User', 'X-Auth-User-Id', 'X-Auth-Email', 'X-Auth-Scope', 'X-Auth-Token-Id', 'X-Auth-Staff']
// Paths that each configuration refuses itself, whoever asks.
const ODD = new Set(['/%zz', '//a', '/a/../b'])
// All that a name may hold beside letters, digits and hyphens: to backends that read names as variables they are one.
const LOOK_ALIKES = [...'_.!#$%&\'*+^`|~']
const BODY = Buffer.from('{"amount": "17 €"}')
const MEGABYTE = Buffer.alloc(1_048_576, 'abcdefghijk')

/** What came of a request: the answer, and what reached the backend. */
async function send ({ proxy, backend }: Context, question: Question): Promise<{ answer: Answer, reached: Reached[] }> {
  backend.take()
  const answer = await ask(proxy, question)
  return { answer, reached: backend.take() }
}

/** Names of which a backend could take one for an identity header, folded as CGI folds them, with their values. */
const identityOf = (reached: Reached | undefined): Record<string, string[]> => {
  const found: Record<string, string[]> = {}
  for (const [name, value] of [...reached?.headers ?? [], ...reached?.trailers ?? []]) {
    const folded = name.toLowerCase().replace(/[^a-z0-9]/g, '-')
    // An empty value and none are the same to a backend; nginx passes none on.
    if (folded.startsWith('x-auth-') && value !== '') (found[folded] ??= []).push(value)
  }
  return found
}

const passed = (status: number, reached: Reached[]) => ({ status, reached: reached.length })

/** Who may pass, and who the backend is told that it is. */
export async function checkIdentity (context: Context): Promise<void> {
  const { report, keys, program } = context
  const full = {
    'x-auth-user': ['j%C3%BCrgen+50'],
    'x-auth-user-id': [keys.jurgenId],
    'x-auth-email': ['50%25%C3%BC@example.org'],
    'x-auth-scope': ['*'],
    'x-auth-token-id': [`drf-${keys.jurgenId}`],
    'x-auth-staff': ['false']
  }
  const { reached: [first] } = await send(context, { path: '/', token: keys.full })
  report.equal('a caller passes, and the backend is told who it is', identityOf(first), full)
  report.equal('percent-decoded, the name and the address are what they were',
    ['x-auth-user', 'x-auth-email'].map((name) => decodeURIComponent(identityOf(first)[name]?.[0] ?? '')), [JURGEN.username, JURGEN.email])

  const { reached: [second] } = await send(context, { path: '/orders/1?x=1', token: keys.orders })
  report.equal('a scope that is held passes', identityOf(second), {
    ...full,
    'x-auth-scope': ['orders:read users:read'],
    'x-auth-token-id': [keys.ordersId]
  })
  const { reached: [third] } = await send(context, { path: '/admin/', token: keys.staff })
  report.equal(
    'staff passes where staff is asked for, and has no address',
    identityOf(third),
    {
      'x-auth-user': ['boss'],
      'x-auth-user-id': [keys.bossId],
      'x-auth-scope': ['*'],
      'x-auth-token-id': [`drf-${keys.bossId}`],
      'x-auth-staff': ['true']
    }
  )

  for (const [sentence, question, status, challenge] of [
    ['nobody', { path: '/' }, 401, 'Token'],
    ['a token that nobody has', { path: '/', token: 'f'.repeat(40) }, 401, 'Token'],
    ['another scheme', { path: '/', headers: [['Authorization', 'Basic dTpw']] }, 401, 'Token'],
    [
      'a token without the scope',
      { path: '/orders/1', token: keys.scopeless },
      403,
      program.forwardsChallengeOf403 ? 'Token error="insufficient_scope", scope="orders:read"' : undefined
    ],
    ['who is not staff', { path: '/admin/', token: keys.full }, 403, undefined]
  ] as Array<[string, Question, number, string | undefined]>) {
    const { answer, reached } = await send(context, question)
    report.equal(
      `${sentence} is refused with ${status}${challenge === undefined ? '' : ' and the challenge'}`,
      { ...passed(answer.status, reached), challenge: answer.challenge },
      { status, reached: 0, challenge }
    )
  }
  const twice = await send(context, { path: '/', token: keys.full, headers: [['Authorization', `Token ${keys.staff}`]] })
  report.check(
    `two tokens at once are refused (${twice.answer.status})`,
    [400, 401].includes(twice.answer.status) && twice.reached.length === 0
  )
}

/** What ends a token ends it for the very next request. */
export async function checkRevocation (context: Context): Promise<void> {
  const { report, keys, program, service } = context
  const { revoked, leaving: { username, token } } = keys.doomed[program.name] as Doomed
  const status = async (token: string) => (await send(context, { path: '/', token })).answer.status
  const rounds = []
  rounds.push(await status(revoked))
  await ask(service, { method: 'DELETE', path: '/tokens/current/', token: revoked })
  rounds.push(await status(revoked))
  report.equal('a revoked token is dead at the very next request', rounds, [200, 401])

  const change = async (active: boolean) =>
    await ask(service, {
      method: 'PATCH',
      path: `/users/${username}/`,
      token: keys.staff,
      headers: [['Content-Type', 'application/json']],
      body: Buffer.from(JSON.stringify({ is_active: active }))
    })
  const seen = [await status(token)]
  for (const active of [false, true]) {
    await change(active)
    seen.push(await status(token))
  }
  report.equal('a user that is not active is refused, and passes when it is again', seen, [200, 401, 200])
}

/** Methods and bodies reach the backend whole. */
export async function checkBodies (context: Context): Promise<void> {
  const { report, keys: { full: token } } = context
  const json: Array<[string, string]> = [['Content-Type', 'application/json']]
  for (const [sentence, question] of [
    ['POST with JSON', { method: 'POST', headers: json, body: BODY }],
    ['PUT with an empty body', { method: 'PUT', headers: json, body: Buffer.alloc(0) }],
    ['POST, chunked', { method: 'POST', headers: json, body: BODY, chunked: true }],
    ['PUT of 1 MB', { method: 'PUT', body: MEGABYTE }],
    ['POST of 1 MB, chunked', { method: 'POST', body: MEGABYTE, chunked: true }],
    ['POST of 1 MB that waits to be told to go on', { method: 'POST', headers: [['Expect', '100-continue']], body: MEGABYTE }],
    ['DELETE', { method: 'DELETE' }],
    ['HEAD', { method: 'HEAD' }],
    ['OPTIONS', { method: 'OPTIONS' }],
    ['PROPFIND', { method: 'PROPFIND' }]
  ] as Array<[string, Question]>) {
    const { answer, reached: [reached] } = await send(context, { path: '/things?a=1', token, ...question })
    const body = question.body ?? Buffer.alloc(0)
    report.equal(`${sentence} reaches the backend whole`, { status: answer.status, ...reached, headers: undefined, trailers: undefined },
      {
        status: 200,
        method: question.method,
        url: '/things?a=1',
        length: body.length,
        sha256: createHash('sha256').update(body).digest('hex'),
        headers: undefined,
        trailers: undefined
      })
    const alone = await send(context, { path: '/things?a=1', ...question })
    report.equal(`${sentence} without a token does not`, passed(alone.answer.status, alone.reached), { status: 401, reached: 0 })
  }
}

/** Paths that are no one's, and queries that look like ours. */
export async function checkPaths (context: Context): Promise<void> {
  const { report, keys: { scopeless: token } } = context
  for (const path of [
    '/%zz',
    '//a',
    '/a/../b',
    '/;x',
    '/-/scope/*',
    '/-/',
    `/${'a'.repeat(6_000)}`,
    '/?scope=*',
    '/?staff=1',
    '/?scope=&staff=0',
    '/?x=%zz',
    '/forward-auth?staff=1'
  ]) {
    const name = path.length > 40 ? `a path of ${path.length} characters` : path
    const { answer, reached } = await send(context, { path, token })
    const refused = ODD.has(path) ? 400 : undefined
    if (refused === undefined) {
      report.equal(
      `${name} reaches the backend as it is`,
      [answer.status, ...reached.map(({ url }) => url)],
      [200, path]
      )
    } else report.equal(`${name} is refused by the proxy itself`, passed(answer.status, reached), { status: refused, reached: 0 })
    const alone = await send(context, { path })
    report.check(
      `${name} without a token is refused (${alone.answer.status})`,
      [refused ?? 401].includes(alone.answer.status) && alone.reached.length === 0
    )
  }
  for (const path of [
    '/orders', '/orders?scope=users:read', '/orders?staff=1', '/orders%zz', '/orders;x', '/ORDERS/1', '/%6frders', '//orders',
    '/x/../orders', '/x/%2e%2e/orders', '/public/../orders', '/public/..%2forders', '/public/%2e%2e%2forders',
    '/public//../orders'
  ]) {
    const { answer, reached } = await send(context, { path, token })
    report.check(
      `${path} needs the scope, or is refused (${answer.status})`,
      [400, 403].includes(answer.status) && reached.length === 0,
      reached
    )
  }
}

/** A client that says itself who it is. */
export async function checkForgery (context: Context): Promise<void> {
  const { report, keys, program } = context
  const { reached: [honest] } = await send(context, { path: '/', token: keys.orders })
  const expected = identityOf(honest)
  const forge = async (sentence: string, forged: Array<[string, string]>) => {
    const { reached } = await send(context, { path: '/', token: keys.orders, headers: forged })
    report.equal(`${sentence} do not reach the backend`, reached.map(identityOf), [expected])
    const open = await send(context, { path: '/public/x', headers: forged })
    report.equal(`${sentence} do not where nobody is asked either`, open.reached.map(identityOf), [{}])
  }
  const all = (change: (name: string) => string): Array<[string, string]> => NAMES.map((name) => [change(name), EVIL])
  await forge('the headers of a client', all((name) => name))
  await forge('in small letters they', all((name) => name.toLowerCase()))
  await forge('in capitals they', all((name) => name.toUpperCase()))
  await forge('twice they', [...all((name) => name), ...all((name) => name.toLowerCase())])
  for (const sign of LOOK_ALIKES) await forge(`with ${sign} for hyphens they`, all((name) => name.replaceAll('-', sign)))
  await forge('with one underscore and one hyphen they', all((name) => name.replace('-', '_')))

  const named = await send(context, { path: '/', token: keys.orders, headers: [['Connection', 'close, X-Auth-User, X-Auth-Staff']] })
  report.check(
    `a client can't have them dropped as hop by hop (${named.answer.status})`,
    named.answer.status === 400 ? named.reached.length === 0 : isDeepStrictEqual(named.reached.map(identityOf), [expected]),
    named.reached
  )

  const { reached } = await send(context, {
    method: 'POST',
    path: '/',
    token: keys.orders,
    body: BODY,
    chunked: true,
    headers: [['Trailer', 'X-Auth-User']],
    trailers: [['X-Auth-User', EVIL], ['X_Auth_Staff', 'true']]
  })
  const asHeaders = program.passesTrailers ? reached.map((one) => ({ ...one, trailers: [] })) : reached
  report.equal(
    `behind a chunked body they do not reach the backend${program.passesTrailers ? ' as headers' : ''}`,
    asHeaders.map(identityOf),
    [expected]
  )
}

/** Large headers, and many requests on a connection. */
export async function checkConnections (context: Context): Promise<void> {
  const { report, keys } = context
  const large = await send(context, { path: '/', token: keys.full, headers: [['X-Large', 'x'.repeat(8_000)]] })
  report.equal(
    '8 KB of headers pass',
    [large.answer.status, large.reached[0]?.headers.find(([name]) => /^x-large$/i.test(name))?.[1]?.length],
    [200, 8_000]
  )
  const many = await send(context, {
    path: '/',
    token: keys.full,
    headers: Array.from({ length: 8 }, (_, i) => [`X-Part-${i}`, 'x'.repeat(1_000)])
  })
  report.equal('so do they in many lines', passed(many.answer.status, many.reached), { status: 200, reached: 1 })

  const agent = oneConnection()
  const seen = []
  for (const question of [
    { token: keys.full },
    {},
    { token: keys.full },
    { path: '/orders', token: keys.scopeless },
    { method: 'POST', body: BODY },
    { method: 'POST', body: BODY, token: keys.full },
    { method: 'POST', body: MEGABYTE, chunked: true, token: keys.full },
    { path: '/orders', token: keys.orders }
  ]) {
    const { answer, reached } = await send(context, { ...question, agent })
    seen.push([answer.status, reached.length, ...reached.map((one) => identityOf(one)['x-auth-token-id']?.[0])])
  }
  agent.destroy()
  const full = [200, 1, `drf-${keys.jurgenId}`]
  report.equal(
    'each request of a connection is asked for anew, also behind one that was refused',
    seen,
    [full, [401, 0], full, [403, 0], [401, 0], full, full, [200, 1, keys.ordersId]]
  )

  const upgrade: Array<[string, string]> = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA==']
  ]
  const statuses = []
  for (const headers of [upgrade, [], upgrade, []]) {
    statuses.push((await ask(
      context.proxy,
      { path: '/', token: keys.full, headers }
    )).status)
  }
  report.equal('who asks for a WebSocket holds up nobody behind', statuses, [200, 200, 200, 200])
  report.equal('and passes no more than others', (await ask(context.proxy, { path: '/', headers: upgrade })).status, 401)

  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => ask(context.proxy, {
    path: `/${i}`,
    token: i % 2 === 0 ? keys.full : keys.orders
  })))
  const told = answers.map(({ text }) => identityOf(JSON.parse(text))['x-auth-token-id']?.[0])
  report.equal('at once, everybody is who it is', told, answers.map((_, i) => i % 2 === 0 ? `drf-${keys.jurgenId}` : keys.ordersId))
}
