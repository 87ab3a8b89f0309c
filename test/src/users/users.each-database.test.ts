import t from 'tap'
import { open } from '../../support/databases.js'
import { passwordProblems } from '../../../src/users/django-rules.js'

t.test('onUserCreated decides who gets a token', async (t) => {
  for (const [onUserCreated, expected] of [
    [undefined, [true, true]],
    [false, [false, false]],
    [({ isStaff }: { isStaff: boolean }) => isStaff, [false, true]],
    [async ({ isStaff }: { isStaff: boolean }) => isStaff, [false, true]],
    [() => {}, [false, false]]
  ] as const) {
    const { users, tokens } = await open(t, onUserCreated === undefined ? {} : { onUserCreated })
    const made = []
    for (const isStaff of [false, true]) {
      const user = await users.create({ username: `user${isStaff}`, password: null, isStaff })
      made.push(await tokens.find(user) !== null)
    }
    t.same(made, expected)
  }
})

t.test('tokens are made, found, replaced and revoked', async (t) => {
  const { users, tokens, authenticator } = await open(t)
  const user = await users.create({ username: 'ann', password: null })
  const first = await tokens.getOrCreate(user)
  t.same(await tokens.find(user), first)
  t.match(first, { id: `drf-${user.id}`, key: /^[0-9a-f]{40}$/, hint: first.key.slice(0, 4) })
  const second = await tokens.replace(user)
  t.not(second.key, first.key)
  t.equal(await authenticator.authenticate(first.key), null, 'the old key is dead at once')
  t.match(await authenticator.authenticate(second.key), { user: { username: 'ann' } })
  t.equal(await tokens.revoke(user, first.id), true)
  t.equal(await tokens.revoke(user, first.id), false)
  t.equal(await authenticator.authenticate(second.key), null)
  t.match(await tokens.replace(user), { key: /^[0-9a-f]{40}$/ }, 'replacing none makes one')
})

t.test('missing tokens are made in batches', async (t) => {
  const { users, tokens } = await open(t, { onUserCreated: false })
  for (let i = 0; i < 5; i++) await users.create({ username: `user${i}`, password: null })
  const first = await users.findByUsername('user0')
  const present = first === null ? null : await tokens.getOrCreate(first)
  const batches = []
  for await (const found of tokens.createMissing(3)) batches.push(found)
  t.same(batches, [3, 1])
  t.same(await tokens.createMissing().next(), { value: undefined, done: true })
  t.same(first === null ? null : await tokens.find(first), present, 'what was there stays')
})

t.test('keys of any form are found, and short ones give no hint away', async (t) => {
  const { users, tokens, database, authenticator } = await open(t)
  const user = await users.create({ username: 'ann', password: null })
  for (const key of ['abcd1234', 'ключ', '0']) {
    await tokens.revoke(user, `drf-${user.id}`)
    await database.run(() => database.db.insert(database.tables.authtokenToken).values({ key, created: new Date(), userId: user.id }))
    t.match(await authenticator.authenticate(key), { user: { username: 'ann' }, token: { hint: null } }, key)
  }
})

t.test("usernames and e-mail addresses are stored as Django's", async (t) => {
  const { users } = await open(t)
  const user = await users.create({ username: 'ﬂag', password: null, email: 'A.B@EXAMPLE.org' })
  t.match(user, { username: 'flag', email: 'A.B@example.org', isActive: true, isStaff: false, lastLogin: null })
  t.equal((await users.create({ username: 'no-at', password: null, email: 'nothing' })).email, 'nothing')
  await t.rejects(users.create({ username: 'flag', password: null }), { fields: { username: ['A user with that username already exists.'] } } as never)
  await t.rejects(users.update(user, { username: 'no-at' }), { fields: { username: ['A user with that username already exists.'] } } as never)
  await t.rejects(users.create({ username: '', password: '' }), { fields: { username: ['This field may not be blank.'], password: ['This field may not be blank.'] } } as never)
  t.match(await users.update(user, { username: 'flag' }), { username: 'flag' }, 'its own name is not taken')
  t.equal((await users.setActive(user, false))?.isActive, false)
  await users.delete(user)
  t.equal(await users.setPassword(user, null), null, 'a user that is gone')
})

t.test('two who create one username at the same time: one is told', async (t) => {
  const { users } = await open(t)
  const outcomes = await Promise.allSettled([1, 2].map(() => users.create({ username: 'ann', password: 'unlike-it-1' })))
  t.same(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  t.match(outcomes.find(({ status }) => status === 'rejected'), { reason: { fields: { username: ['A user with that username already exists.'] } } })
})

t.test("Django's password rules", async (t) => {
  const personal = { username: 'elizabeth', firstName: 'Ada', lastName: 'Lovelace', email: 'countess@analytical.example' }
  for (const [password, problems] of [
    ['correct horse', []],
    ['abcdefg', ['This password is too short. It must contain at least 8 characters.']],
    ['8327459801', ['This password is entirely numeric.']],
    ['PASSWORD', ['This password is too common.']],
    ['Elizabeth-x', ['The password is too similar to the username.']],
    ['lovelace77', ['The password is too similar to the last name.']],
    ['xanalytical', ['The password is too similar to the email address.']]
  ] as const) {
    t.same(await passwordProblems(password, personal), problems, password)
  }
})
