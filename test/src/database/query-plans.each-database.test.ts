import type { InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import { commandLine } from '../../support/command-line.js'
import { buildService } from '../../support/applications.js'
import { databaseUrl, open } from '../../support/databases.js'
import { makeLogin } from '../../support/users.js'
import { accessKeyOf, drfKeyOf, makeManyTokens } from '../../support/many-tokens.js'
import { findScans, recordStatements, type Scan } from '../../support/query-plans.js'

// Enough that no plan takes a table for a small one.
const TOKENS = 20_000
const PASSWORD = 'ann-pass-1'

/** What may read a table, or an index, from one end to the other, and why. */
type Allowed = Array<[statement: RegExp, why: string]>

const OF_REQUESTS: Allowed = [
  [/^select count\(\*\) from auth_user$/, 'GET /users/: a page says how many users there are'],
  [/^select count\(\*\) from auth_user where \(lower\(/, 'GET /users/?search=: Django has no index for a part of a name'],
  [/^select .+ from auth_user where \(lower\(.+ order by auth_user\.id asc limit \?/, 'the same: to the end of the page'],
  [/^select [^()]+ from auth_user order by auth_user\.id asc limit \?/, 'GET /users/: in order of the ids, to the end of the page'],
  [/^select password from auth_user order by auth_user\.id( desc)? limit \?$/, 'the first login of a process: some hashes from each end']
]

const OF_COMMANDS: Allowed = [
  [/^select .+ from authtoken_token inner join auth_user .+ order by authtoken_token\.user_id asc limit \?$/, 'tokens list: the first batch'],
  [/^select .+ from auth_user order by auth_user\.id asc limit \?$/, 'users list: the first batch'],
  [/^select .+ from auth_user where \(?lower\(.+ order by auth_user\.id asc limit \?$/, 'users list --search: the first batch'],
  [/^select .+ from auth_user left join authtoken_token .+ where authtoken_token\.key is null order by auth_user\.id asc limit \?$/, 'create-token --missing: the first batch'],
  [/^select count\(\*\) from authtoken_token$/, 'tokens seal: how many there are to do, once']
]

const unexpected = (scans: Scan[], allowed: Allowed): string[] =>
  scans.filter(({ statement }) => !allowed.some(([pattern]) => pattern.test(statement))).map(({ statement, step }) => `${step}: ${statement}`)

const unused = (scans: Scan[], allowed: Allowed): string[] =>
  allowed.filter(([pattern]) => !scans.some(({ statement }) => pattern.test(statement))).map(([, why]) => why)

async function manyTokens (t: Test): Promise<string> {
  const url = await databaseUrl(t)
  await makeManyTokens(url, TOKENS)
  return url
}

/** As it was filled: plans are asked for here, and what is recorded is run elsewhere. */
const asked = await manyTokens(t)

const form = (fields: Record<string, string>): InjectOptions => ({ headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: new URLSearchParams(fields).toString() })

/** Whom and which token it is about. */
interface Subject { user: number, name: string, id: string }

type Make = (subject: Subject) => InjectOptions[]

const token: Record<string, Make> = {
  get: () => [{}],
  patch: ({ name }) => [{ payload: { name: `new ${name}`, scope: 'orders:read', disabled: true } }, { payload: { disabled: true } }],
  delete: () => [{}]
}
const rotate: Make = () => [{ payload: { grace: 60 } }, { payload: { grace: 60 } }]
const pages = [{}, { query: { page: '1', page_size: '1' } }, { query: { page: '2', page_size: '1' } }]
const made = [{ payload: {} }, { payload: { name: 'ci', scope: 'orders:read', expires_in: 60 } }]

/** What is sent to each operation of the description: to one user's own tokens, or as the administrator about that user. */
const REQUESTS: Record<string, Make> = {
  'post /api-token-auth': () => [
    { payload: { username: 'ann', password: PASSWORD } },
    { payload: { username: 'ann', password: PASSWORD, name: 'phone' } },
    { payload: { username: 'ann', password: 'not that' } },
    { payload: { username: 'nobody', password: PASSWORD } }
  ],
  'get /tokens': () => pages,
  'post /tokens': () => made,
  'delete /tokens': () => [{ query: { keep: 'current' } }, {}],
  'delete /tokens/current': () => [{}],
  'get /tokens/{id}': token.get as Make,
  'patch /tokens/{id}': token.patch as Make,
  'delete /tokens/{id}': token.delete as Make,
  'post /tokens/{id}/rotate': rotate,
  'get /users/{username}/tokens': () => pages,
  'post /users/{username}/tokens': () => made,
  'delete /users/{username}/tokens': () => [{}],
  'get /users/{username}/tokens/{id}': token.get as Make,
  'patch /users/{username}/tokens/{id}': token.patch as Make,
  'delete /users/{username}/tokens/{id}': token.delete as Make,
  'post /users/{username}/tokens/{id}/rotate': rotate,
  'get /users/me': () => [{}],
  'get /users': () => [{}, { query: { page: '2' } }, { query: { search: 'user77' } }, { query: { search: 'user7', page: '2', page_size: '10' } }],
  'post /users': ({ name }) => [{ payload: { username: `new${name}`, password: PASSWORD, email: 'new@example.org' } }, { payload: { username: name, password: PASSWORD } }],
  'get /users/{username}': () => [{}],
  'patch /users/{username}': ({ name }) => [{ payload: { is_active: false } }, { payload: { password: PASSWORD } }, { payload: { username: `x${name}` } }],
  'delete /users/{username}': () => [{}],
  'post /introspect': ({ user }) => [drfKeyOf(user), accessKeyOf(user), 'unknown'].map((key) => form({ token: key })),
  'post /introspect/batch': ({ user }) => [{ payload: { tokens: [drfKeyOf(user), accessKeyOf(user), 'unknown'], identity: true } }],
  'post /revoke': ({ user }) => [drfKeyOf(user), accessKeyOf(user), 'unknown'].map((key) => form({ token: key })),
  'get /revocations': () => [{ payloadAsStream: true }],
  'get /.well-known/oauth-authorization-server': () => [{}],
  'get /forward-auth': () => [{}, { query: { scope: 'orders:read', staff: '1' } }],
  'get /healthz': () => [{}],
  'get /readyz': () => [{}]
}

/** Sends everything to the service, as DRF tokens and as access tokens, and stops it. */
async function serve (t: Test, url: string, env: NodeJS.ProcessEnv, from: number): Promise<void> {
  const { server, authtoken } = await buildService(t, { DATABASE_URL: url, CACHE_SIZE: '0', ...env })
  const { paths } = (await server.inject('/openapi.json')).json() as { paths: Record<string, object> }
  const operations = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
  t.same(Object.keys(REQUESTS).sort(), operations.sort(), 'there are requests for each operation')
  let user = from
  for (const operation of operations) {
    const [method, path] = operation.split(' ') as [string, string]
    const statuses = []
    for (const kind of ['drf', 'access'] as const) {
      user++
      const name = `user${user}`
      const { tokens } = await authtoken.tokens.list({ id: user }, { limit: 2 })
      for (const id of tokens.map((token) => token.id)) {
        const caller = /^\/(tokens|users\/me)/.test(path) ? user : 1
        const key = kind === 'drf' ? drfKeyOf(caller) : accessKeyOf(caller)
        for (const request of (REQUESTS[operation] as Make)({ user, name, id })) {
          const response = await server.inject({
            method: method.toUpperCase() as 'GET',
            url: path.replace('{username}', name).replace('{id}', id),
            ...request,
            headers: { ...(path !== '/api-token-auth' && { authorization: `Token ${key}` }), ...request.headers }
          })
          if (request.payloadAsStream) response.stream().destroy()
          statuses.push(response.statusCode)
        }
      }
    }
    t.ok(statuses.some((status) => status < 300), `${operation} is answered`)
    t.notOk(statuses.some((status) => status >= 500), `${operation} has no failure`)
  }
  await server.close()
}

t.test('no request reads a table from one end to the other, but those that must', async (t) => {
  const used = await manyTokens(t)
  await makeLogin(await open(t, { database: used }), 'ann')
  const statements = recordStatements(t)
  await serve(t, used, {}, 1)
  await serve(t, used, { TOKENS: 'access', TOKEN_LIMIT: '2', TOKEN_AT_LIMIT: 'replace', TOKEN_SLIDING: 'on', TOKEN_MAX_LIFE: '1000' }, 1_000)
  t.ok(statements.length > 500, 'the statements were recorded')
  const scans = await findScans(asked, statements)
  t.same(unexpected(scans, OF_REQUESTS), [])
  t.same(unused(scans, OF_REQUESTS), [], 'nothing is allowed that is not there')
})

t.test('no command reads a table from one end to the other again and again', async (t) => {
  const used = await manyTokens(t)
  const { call } = await commandLine(t, { DATABASE_URL: used })
  const statements = recordStatements(t)
  const run = async (...args: string[]) => {
    const { code, err, out } = await call(args, { AUTHTOKEN_PASSWORD: PASSWORD })
    t.equal(code, 0, `${args.join(' ')} ${err}`)
    return out
  }
  await run('check')
  await run('createuser', '--noinput', '--username', 'ann')
  await run('changepassword', 'ann', '--noinput')
  await run('create-token', 'user2')
  await run('create-token', '--reset', 'user2')
  await run('tokens', 'revoke', '--user', 'user2')
  await run('create-token', '--missing')
  t.equal((await run('users', 'list')).trim().split('\n').length, TOKENS / 2 + 2)
  await run('users', 'list', '--search', 'user7')
  await run('tokens', 'list', 'user2')
  const { id } = JSON.parse(await run('tokens', 'create', 'user2', '--json'))
  const rotated = JSON.parse(await run('tokens', 'rotate', id, '--json'))
  await run('tokens', 'revoke', rotated.id)
  t.equal((await run('tokens', 'list')).trim().split('\n').length, TOKENS + 1)
  await run('tokens', 'prune', '--days', '0')
  await run('tokens', 'seal', '--noinput')
  const scans = await findScans(asked, statements)
  t.same(unexpected(scans, OF_COMMANDS), [])
  t.same(unused(scans, OF_COMMANDS), [], 'nothing is allowed that is not there')
})

t.test('what reads a table or an index from one end to the other is found out', async (t) => {
  for (const text of [
    'select * from authtoken_accesstoken where hint = \'abcd\'',
    'select count(*) from auth_user',
    'delete from authtoken_token where created < \'2000-01-01\'',
    'update auth_user set is_active = false where email = \'x\'',
    'select auth_user.id from auth_user inner join authtoken_token on authtoken_token.user_id = auth_user.id order by auth_user.id'
  ]) t.not((await findScans(asked, [{ text, values: [] }])).length, 0, text)
  t.same(await findScans(asked, [{ text: 'select * from auth_user where id = 7', values: [] }]), [])
})
