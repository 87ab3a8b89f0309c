import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { type Auth, tokenAuth } from '../../../src/index.js'
import type { Authtoken } from '../../../src/open-authtoken.js'
import { open } from '../../support/databases.js'
import { CALLER_CHANGES, rowsOf, type Subject, unseal } from '../../support/caller-changes.js'
import { makeUser } from '../../support/users.js'

type Write = (authtoken: Authtoken, caller: Auth, others: { other: string, bob: Subject }) => Promise<unknown>

const WRITES: Record<string, Write> = {
  'tokens.createAs': ({ tokens }, caller) => tokens.createAs(caller),
  'tokens.createAs for another': ({ tokens }, caller, { bob }) => tokens.createAs(caller, {}, { owner: bob.user }),
  'tokens.updateAs': ({ tokens }, caller, { other }) => tokens.updateAs(caller, other, { name: 'renamed', disabled: true }),
  'tokens.rotateAs': ({ tokens }, caller, { other }) => tokens.rotateAs(caller, other, { grace: 60 }),
  'tokens.revokeAs': ({ tokens }, caller, { other }) => tokens.revokeAs(caller, other),
  'tokens.revokeAs of itself': ({ tokens }, caller) => tokens.revokeAs(caller, caller.id),
  'tokens.revokeAllAs': ({ tokens }, caller) => tokens.revokeAllAs(caller, { keep: caller.id }),
  'users.createAs': ({ users }, caller, { bob }) =>
    users.createAs(caller, { username: `${bob.user.username}-friend`, password: null, isSuperuser: true }),
  'users.updateAs': ({ users }, caller, { bob }) => users.updateAs(caller, bob.user, { isSuperuser: true }),
  'users.deleteAs': ({ users }, caller, { bob }) => users.deleteAs(caller, bob.user)
}

const refused = (statusCode: number) => ({ statusCode, message: /./ })

/** How a host comes by a caller. */
async function callers (t: Test, authtoken: Authtoken) {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(tokenAuth, { authenticator: authtoken.authenticator })
  const found: Auth[] = []
  app.get('/', async ({ auth }) => { found.push(auth as Auth) })
  return async (key: string): Promise<Auth> => {
    await app.inject({ url: '/', headers: { authorization: `Token ${key}` } })
    return found.pop() as Auth
  }
}

t.test('a write is done for a caller who may, and for none who may not any more', { timeout: 180_000 }, async (t) => {
  const authtoken = await open(t)
  const callerOf = await callers(t, authtoken)
  let cases = 0

  async function setUp (kind: 'drf' | 'access') {
    const root = await makeUser(authtoken, `root${++cases}`, { isSuperuser: true, isStaff: true })
    const token = kind === 'drf' ? root.token : await authtoken.tokens.create(root.user)
    const other = await authtoken.tokens.create(root.user, { scope: 'orders:read' })
    return { user: root.user, token, caller: await callerOf(token.key), others: { other: other.id, bob: await makeUser(authtoken, `bob${cases}`) } }
  }

  for (const [name, write] of Object.entries(WRITES)) {
    for (const kind of ['drf', 'access'] as const) {
      const { caller, others } = await setUp(kind)
      const before = await rowsOf(authtoken)
      await write(authtoken, caller, others)
      t.strictNotSame(await rowsOf(authtoken), before, `${name}, token ${kind}`)
    }
    for (const [change, { kinds, status, make }] of Object.entries(CALLER_CHANGES)) {
      for (const kind of kinds) {
        const { user, token, caller, others } = await setUp(kind)
        await make(authtoken, { user, token })
        const before = await rowsOf(authtoken)
        await t.rejects(write(authtoken, caller, others), refused(status), `${name}, token ${kind}, ${change}`)
        t.strictSame(await rowsOf(authtoken), before, `${name}, token ${kind}, ${change}`)
        await unseal(authtoken)
      }
    }
  }
})

t.test('a new token has no more than its caller', async (t) => {
  const authtoken = await open(t)
  const { tokens } = authtoken
  const callerOf = await callers(t, authtoken)
  const ann = await makeUser(authtoken, 'ann')
  const bob = await makeUser(authtoken, 'bob')
  const caller = await callerOf((await tokens.create(ann.user, { scope: 'ci:ping', expiresIn: 60 })).key)

  const made = await tokens.createAs(caller)
  t.equal(made.scope, 'ci:ping')
  t.ok(made.expires !== null && caller.expires !== null && made.expires <= caller.expires)
  await t.rejects(tokens.createAs(caller, { scope: 'orders:read' }), refused(403))
  await t.rejects(tokens.createAs(caller, { expiresIn: 86_400 }), { ...refused(400), fields: { expires_in: [String] } })
  await t.rejects(tokens.createAs(caller, {}, { owner: bob.user }), refused(403))
  await t.rejects(tokens.revokeAllAs(caller, { owner: bob.user }), refused(403))
  await t.rejects(tokens.createAs(null), refused(401))
  await t.rejects(tokens.createAs({ ...made, userId: ann.user.id } as never), TypeError)

  await tokens.rotate(ann.user, caller.id, { grace: 3_600 })
  await t.rejects(tokens.createAs(caller), refused(403), 'it was replaced meanwhile')
  t.equal((await tokens.updateAs(caller, made.id, { name: 'renamed' }))?.name, 'renamed', 'all else goes on for the grace')
})

t.test('no key of a caller is shown', async (t) => {
  const authtoken = await open(t)
  const { token } = await makeUser(authtoken, 'ann')
  const caller = await (await callers(t, authtoken))(token.key)
  const { inspect } = await import('node:util')
  for (const text of [JSON.stringify(caller), inspect(caller, { showHidden: true, depth: 9 })]) t.notMatch(text, token.key)
})
