import { mock } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { makeUser } from '../../support/users.js'
import { DIALECTS, type NodesOptions, startNodes } from '../../support/nodes.js'
import { until } from '../../support/until.js'

/** Two nodes, and a user with a DRF token whose id is `id`. */
async function setUp (t: Test, dialect: string, options?: NodesOptions) {
  const nodes = await startNodes(t, dialect, options)
  const { user, token } = await makeUser(nodes.other, 'ann')
  return { ...nodes, user, key: token.key, revoke: async () => { t.ok(await nodes.other.tokens.revoke(user, token.id)) } }
}

for (const dialect of Object.keys(DIALECTS)) {
  t.test(dialect, (t) => {
    t.test('an answer that was read before a revocation reaches nobody after it, and is not remembered', async (t) => {
      const { authenticate, authenticator, seams, key, andHear, revoke } = await setUp(t, dialect)
      const release = seams.hold()
      const first = authenticate(key)
      await until(() => seams.counts.read === 1)
      await andHear(revoke)
      const joined = [authenticate(key), authenticate(key)]
      release()
      t.same(await Promise.all([first, ...joined]), [null, null, null])
      t.equal(seams.counts.asked, 2, 'it was asked for once more, for all of them')
      t.equal(authenticator.statistics.size, 0)
      t.equal(await authenticate(key), null)
    })

    t.test('a change of the user while its token is looked up is in the answer', async (t) => {
      const { authenticate, authenticator, seams, key, andHear, other, user } = await setUp(t, dialect)
      const release = seams.hold()
      const answer = authenticate(key)
      await until(() => seams.counts.read === 1)
      await andHear(() => other.users.update(user, { isActive: false }))
      release()
      t.match(await answer, { user: { isActive: false } })
      t.match(await authenticate(key), { user: { isActive: false } })
      t.equal(authenticator.statistics.size, 1)
      t.equal(seams.counts.asked, 2, 'and the new answer is remembered')
    })

    t.test('while changes are not told, nobody gets the answer to a query that was sent before the call', async (t) => {
      const { authenticate, authenticator, seams, key, revoke } = await setUp(t, dialect)
      t.ok(await authenticate(key))
      await nextTurn()
      seams.lose()
      const release = seams.hold()
      const first = authenticate(key)
      await until(() => seams.counts.read === 1)
      await revoke()
      const later = [authenticate(key), authenticate(key), authenticate(key)]
      release()
      t.ok(await first, 'asked before the revocation')
      t.same(await Promise.all(later), [null, null, null])
      t.equal(seams.counts.asked, 3, 'one query for all that came later')
      t.equal(await authenticate(key), null)
      t.match(authenticator.statistics, { hits: 0, watch: 'lost' })
    })

    t.test('many callers at once ask once, and each gets a user of its own', async (t) => {
      const { authenticate, authenticator, seams, key } = await setUp(t, dialect)
      const release = seams.hold()
      const calls = Array.from({ length: 20 }, () => authenticate(key))
      await until(() => seams.counts.read === 1)
      release()
      const answers = await Promise.all(calls)
      t.equal(seams.counts.asked, 1)
      t.equal(new Set(answers.map((identity) => identity?.user)).size, 20)
      Object.assign(answers[0]?.user as object, { isSuperuser: true })
      t.match(await authenticate(key), { user: { isSuperuser: false } })
      t.match(authenticator.statistics, { hits: 1, misses: 21, size: 1, watch: 'live' })
    })

    t.test('tokens that nobody has are not remembered', async (t) => {
      const { authenticate, authenticator, seams, other } = await setUp(t, dialect)
      const key = '9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b'
      t.equal(await authenticate(key), null)
      await nextTurn()
      t.equal(await authenticate(key), null)
      t.equal(seams.counts.asked, 2)
      t.equal(authenticator.statistics.size, 0)
      const bob = await other.users.create({ username: 'bob', password: null }, { validate: false })
      const { db, tables: { authtokenToken: tokens } } = other.database
      await other.database.run(() => db.update(tokens).set({ key }).where(eq(tokens.userId, bob.id)))
      t.match(await authenticate(key), { user: { username: 'bob' } })
    })

    t.test('a token that seems to have expired is read again before it is refused', async (t) => {
      const start = Date.parse('2030-01-01T12:00:00Z')
      const { authenticate, seams, other, user } = await setUp(t, dialect)
      const set = (now: number) => {
        mock.timers.reset()
        mock.timers.enable({ apis: ['Date'], now })
      }
      t.teardown(() => mock.timers.reset())
      set(start)
      const { id, key } = await other.tokens.create(user, { expiresIn: 60 })
      t.ok(await authenticate(key))
      set(start + 59_000)
      // A use at another node pushes it: no news.
      const { db, tables: { authtokenAccesstoken: tokens } } = other.database
      await other.database.run(() => db.update(tokens).set({ lastUsed: new Date(), expires: new Date(start + 119_000) }).where(eq(tokens.id, id)))
      set(start + 60_000)
      t.ok(await authenticate(key))
      t.ok(await authenticate(key))
      t.equal(seams.counts.asked, 2)
      await nextTurn()
      set(start + 119_000)
      t.equal(await authenticate(key), null)
      t.equal(seams.counts.asked, 3)
    })

    t.test('no more is remembered than the bound says: what was used longest ago goes first', async (t) => {
      const { authenticate, authenticator, seams, other, user } = await setUp(t, dialect, { cache: { size: 3 } })
      const keys: string[] = []
      for (let i = 0; i < 5; i++) keys.push((await other.tokens.create(user)).key)
      for (const key of keys) t.ok(await authenticate(key))
      t.equal(authenticator.statistics.size, 3)
      for (const key of keys.slice(2)) t.ok(await authenticate(key))
      t.match(authenticator.statistics, { hits: 3, size: 3 })
      t.ok(await authenticate(keys[0] as string))
      t.equal(seams.counts.asked, 6)
      t.equal(authenticator.statistics.size, 3)
      await other.users.update(user, { isActive: false })
      await until(async () => (await authenticate(keys[4] as string))?.user.isActive === false)
      for (const key of keys) t.match(await authenticate(key), { user: { isActive: false } }, 'those of one user change together, whatever went')
    })

    t.test('nothing is remembered where the bound is 0', async (t) => {
      const none = await setUp(t, dialect, { cache: { size: 0 } })
      t.ok(await none.authenticate(none.key))
      await nextTurn()
      t.ok(await none.authenticate(none.key))
      t.match(none.authenticator.statistics, { hits: 0, size: 0 })
      t.equal(none.seams.counts.asked, 2)
    })

    t.test('a remembered answer is asked for again when its time is over', async (t) => {
      const { authenticate, seams, key } = await setUp(t, dialect, { cache: { ttlMs: 20 } })
      t.ok(await authenticate(key))
      await sleep(30)
      t.ok(await authenticate(key))
      t.equal(seams.counts.asked, 2)
    })

    t.test('whatever changes of a user or a token at another node is in the next answer', async (t) => {
      const { authenticate, authenticator, key, andHear, other, user } = await setUp(t, dialect)
      const { id, key: access } = await other.tokens.create(user, { name: 'ci' })
      const both = async () => [await authenticate(key), await authenticate(access)]
      for (const changes of [{ username: 'bea' }, { isStaff: true }, { isSuperuser: true }, { email: 'b@example.org' }, { firstName: 'Bea' }, { lastName: 'B' }, { isActive: false }, { isActive: true }]) {
        await both()
        await andHear(() => other.users.update(user, changes))
        t.match(await both(), [{ user: changes }, { user: changes }])
      }
      for (const changes of [{ name: 'cd' }, { scope: 'orders:read' }]) {
        await both()
        await andHear(() => other.tokens.update(user, id, changes))
        t.match(await authenticate(access), { token: changes })
      }
      await andHear(() => other.tokens.update(user, id, { disabled: true }))
      t.equal(await authenticate(access), null)
      await andHear(() => other.tokens.update(user, id, { disabled: false }))
      t.ok(await authenticate(access))
      await andHear(() => other.tokens.rotate(user, id))
      t.equal(await authenticate(access), null)
      await andHear(() => other.tokens.rotate(user, `drf-${user.id}`))
      t.equal(await authenticate(key), null)
      const last = await other.tokens.create(user)
      t.ok(await authenticate(last.key))
      await andHear(() => other.users.delete({ ...user, username: 'bea' }))
      t.equal(await authenticate(last.key), null)
      t.ok(authenticator.statistics.misses > 0)
    })

    t.end()
  })
}
