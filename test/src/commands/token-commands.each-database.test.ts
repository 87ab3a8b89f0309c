import t, { type Test } from 'tap'
import { openAuthtoken } from '../../../src/index.js'
import { commandLine } from '../../support/command-line.js'

/** A database with ann and bob, and who a key belongs to. */
async function setUp (t: Test, env: NodeJS.ProcessEnv = {}) {
  const line = await commandLine(t, env)
  await line.call(['migrate'])
  for (const name of ['ann', 'bob']) await line.call(['createuser', '--noinput', '--username', name])
  const json = async (...args: string[]) => {
    const { code, out, err } = await line.call([...args, '--json'])
    if (code !== 0) throw new Error(err)
    return out.trim().split('\n').map((text) => JSON.parse(text))
  }
  const who = async (key: string) => {
    const authtoken = await openAuthtoken({ database: line.url })
    try {
      return (await authtoken.authenticator.authenticate(key))?.user.username ?? null
    } finally {
      await authtoken.close()
    }
  }
  return { ...line, json, who }
}

const UNKNOWN = { code: 1, out: '', err: 'authtoken: There is no token of that id; "authtoken tokens list" shows the ids.\n' }

t.test('tokens create shows a token once, tokens list never', async (t) => {
  const { call, json, who } = await setUp(t)
  const made = await call(['tokens', 'create', 'ann', '--name', 'ci', '--scope', 'orders:read admin', '--expires-in', '3600'])
  t.match(made, { code: 0, out: /^Generated token fat_[0-9A-Za-z]{36} for user ann\n$/, err: '' })
  const key = /fat_\w+/.exec(made.out)?.[0] ?? ''
  t.equal(await who(key), 'ann')
  const [plain] = await json('tokens', 'create', 'bob')
  t.match(plain, { kind: 'access', name: /^access-/, scope: '*', expires: null, token: /^fat_/ })
  t.equal(await who(plain.token), 'bob')

  const listed = await call(['tokens', 'list', 'ann'])
  t.match(listed, { code: 0, out: /^id +user +kind +name +hint +scope +created +expires +last used +state\ndrf-1 +ann +drf .* current\n\w{16} +ann +access +ci .* orders:read admin .* current\n$/ })
  const all = await json('tokens', 'list')
  t.same(all.map(({ username, kind }) => `${username} ${kind}`).sort(), ['ann access', 'ann drf', 'bob access', 'bob drf'])
  t.match(await json('tokens', 'list', 'bob'), [{ id: 'drf-2', scope: '*' }, { id: plain.id, last_used: /./ }])
  for (const text of [listed.out, JSON.stringify(all)]) t.notOk(text.includes(key) || text.includes(plain.token))
})

t.test('tokens revoke ends one, or all of a user', async (t) => {
  const { call, json, who } = await setUp(t)
  const [first] = await json('tokens', 'create', 'ann')
  const [second] = await json('tokens', 'create', 'ann')
  t.same(await call(['tokens', 'revoke', first.id]), { code: 0, out: `Token ${first.id} is revoked\n`, err: '' })
  t.same([await who(first.token), await who(second.token)], [null, 'ann'])
  t.same(await call(['tokens', 'revoke', first.id]), UNKNOWN)
  t.same(await call(['tokens', 'revoke', second.token]), UNKNOWN, 'a token is not repeated')
  t.same(await json('tokens', 'revoke', 'drf-2'), [{ id: 'drf-2' }])
  t.same(await call(['tokens', 'revoke', 'drf-2']), UNKNOWN)
  t.same(await call(['tokens', 'revoke', '--user', 'ann']), { code: 0, out: 'All tokens of user ann are revoked\n', err: '' })
  t.equal(await who(second.token), null)
  t.same(await json('tokens', 'revoke', '--user', 'bob'), [{ username: 'bob' }])
  t.same(await json('tokens', 'list', 'ann', '--json').catch(({ message }) => message), 'Unexpected end of JSON input')
  for (const args of [[], ['x', '--user', 'ann']]) t.match(await call(['tokens', 'revoke', ...args]), { code: 1, err: 'authtoken: Name a token by its id, or a user with --user.\n' })
})

t.test('tokens rotate puts a new token in the place of one', async (t) => {
  const { call, json, who } = await setUp(t)
  const [first] = await json('tokens', 'create', 'ann', '--name', 'ci')
  const [second] = await json('tokens', 'rotate', first.id, '--grace', '60')
  t.match(second, { name: 'ci', token: /^fat_/ })
  t.same([await who(first.token), await who(second.token)], ['ann', 'ann'])
  t.match((await json('tokens', 'list', 'ann')).find(({ id }) => id === first.id), { replaced_by: second.id })
  t.match((await call(['tokens', 'list', 'ann'])).out, `replaced by ${second.id}`)
  t.match(await call(['tokens', 'rotate', second.id]), { code: 0, out: `in place of ${second.id}\n` })
  t.same([await who(first.token), await who(second.token)], [null, null])
  t.match(await call(['tokens', 'rotate', first.id]), UNKNOWN)
  t.match(await call(['tokens', 'rotate', 'drf-1']), { code: 0, out: /^Generated token [0-9a-f]{40} in place of drf-1\n$/ })
})

t.test('tokens prune deletes what has expired long enough ago', async (t) => {
  const { call, json, query } = await setUp(t)
  const [gone] = await json('tokens', 'create', 'ann', '--expires-in', '60')
  const [fresh] = await json('tokens', 'create', 'ann', '--expires-in', '60')
  await json('tokens', 'create', 'ann')
  await query(`update authtoken_accesstoken set expires = '2020-01-01 00:00:00' where id = '${gone.id}'`)
  t.same(await call(['tokens', 'prune']), { code: 0, out: 'Deleted 1 expired tokens\n', err: '' })
  await query(`update authtoken_accesstoken set expires = '${new Date(Date.now() - 86_400_000).toISOString().slice(0, 19).replace('T', ' ')}' where id = '${fresh.id}'`)
  t.same(await json('tokens', 'prune'), [{ deleted: 0 }])
  t.match((await call(['tokens', 'list', 'ann'])).out, 'expired')
  t.same(await json('tokens', 'prune', '--days', '0'), [{ deleted: 1 }])
  t.same(await query('select count(*) as left from authtoken_accesstoken'), [{ left: 1 }])
})

t.test('tokens seal asks a person, and does it at once for a script', async (t) => {
  const { call, json, query, who } = await setUp(t)
  const [{ key } = { key: '' }] = await query('select key from authtoken_token where user_id = 1') as Array<{ key: string }>
  t.match(await call(['tokens', 'seal']), { code: 1, err: 'authtoken: This is no terminal to ask on: use --noinput.\n' })
  t.match(await call(['tokens', 'seal'], {}, ['\r']), { code: 1, err: 'authtoken: Operation cancelled.\n' })
  t.equal((await query('select key from authtoken_token')).length, 2)
  const sealed = await call(['tokens', 'seal'], {}, ['y'])
  t.match(sealed, { code: 0, out: /A Django that still runs on this database will reject them\.[^]*Sealed 2 tokens\n$/ })
  t.same(await query('select key from authtoken_token'), [])
  t.equal(await who(key), 'ann')
  t.same(await json('tokens', 'seal', '--noinput'), [{ sealed: 0 }])
  t.match(await json('tokens', 'list', 'ann'), [{ kind: 'sealed', name: 'drf', hint: key.slice(0, 4), scope: '*', expires: null }])
  for (const args of [['create-token', 'ann'], ['create-token', '-r', 'ann'], ['create-token', '--missing']]) {
    t.match(await call(args), { code: 1, err: 'authtoken: The DRF tokens of this database are sealed. Make an access token instead.\n' }, args.join(' '))
  }
  t.equal((await call(['createuser', '--noinput', '--username', 'eve'])).code, 0)
  t.same(await query('select key from authtoken_token'), [])
})

t.test('wrong arguments are named in one line', async (t) => {
  const { call, query } = await setUp(t, { TOKEN_MAX_LIFE: '60', TOKEN_LIMIT: '1' })
  for (const [args, err] of [
    [['tokens', 'create', 'nobody'], 'user "nobody" does not exist'],
    [['tokens', 'list', 'nobody'], 'user "nobody" does not exist'],
    [['tokens', 'create', 'ann', '--expires-in', '1h'], '--expires-in must be a whole number from 1 to 3155760000'],
    [['tokens', 'create', 'ann', '--expires-in', '61'], 'expires_in: Enter a whole number from 1 to 60.'],
    [['tokens', 'create', 'ann', '--scope', 'a  b'], 'scope: Enter scopes with single spaces between them; a scope has no space, quotation mark or backslash (RFC 6749 section 3.3).'],
    [['tokens', 'create', 'ann', '--name', ''], 'name: This field may not be blank.'],
    [['tokens', 'rotate', 'drf-1', '--grace', 'x'], '--grace must be a whole number from 0 to 2592000'],
    [['tokens', 'rotate', 'nothing'], 'There is no token of that id; "authtoken tokens list" shows the ids.'],
    [['tokens', 'prune', '--days', '-1'], '--days must be a whole number from 0 to 36525']
  ] as const) t.same(await call([...args]), { code: 1, out: '', err: `authtoken: ${err}\n` }, args.join(' '))
  t.equal((await call(['tokens', 'create', 'ann'])).code, 0)
  t.match(await call(['tokens', 'create', 'ann']), { code: 1, err: 'authtoken: The user has as many tokens as one may have. Delete one first.\n' })
  t.equal((await query('select id from authtoken_accesstoken')).length, 1)
})
