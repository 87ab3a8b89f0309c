import t from 'tap'
import { open } from '../../support/databases.js'
import { recordedDatabase } from '../../support/fixtures.js'

t.test('whoever asks at once for a token that is not there yet gets the same one', async (t) => {
  const { users, tokens } = await open(t, { onUserCreated: false })
  const user = await users.create({ username: 'ann', password: null })
  const [first, ...others] = await Promise.all([1, 2, 3].map(() => tokens.getOrCreate(user)))
  for (const other of others) t.same(other, first)
  await tokens.revokeAll(user)
  t.equal(await tokens.rotate(user, `drf-${user.id}`), null)
  t.equal(await tokens.update(user, `drf-${user.id}`, {}), null)
})

t.test('a database that only Django migrated verifies tokens, and says what access tokens need', async (t) => {
  const authtoken = await open(t, { database: await recordedDatabase(t), migrate: false })
  const { db, tables } = authtoken.database
  const [row] = await db.select().from(tables.authtokenToken).limit(1)
  const owner = { id: row?.userId ?? 0 }
  t.match(await authtoken.authenticator.authenticate(row?.key ?? ''), { token: { id: `drf-${owner.id}` } })
  t.equal(await authtoken.authenticator.authenticate('0'.repeat(40)), null)
  t.equal(await authtoken.authenticator.authenticate('fat_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17'), null)
  t.match(await authtoken.tokens.list(owner, { limit: 5 }), { count: 1, tokens: [{ kind: 'drf' }] })
  t.match(await authtoken.tokens.getOrCreate(owner), { key: row?.key })
  await t.rejects(authtoken.tokens.create(owner), { code: 'AUTHTOKEN_DATABASE_UNUSABLE', message: /run "authtoken migrate"/ })
  await authtoken.tokens.revokeAll(owner)
  t.match(await authtoken.tokens.getOrCreate(owner), { key: /^[0-9a-f]{40}$/ })
})

t.test('of two rotations of a token at once one puts another in its place, and the other is told that it was replaced', async (t) => {
  const { users, tokens } = await open(t)
  const user = await users.create({ username: 'ann', password: null })
  const { id } = await tokens.create(user, { name: 'twice' })
  const outcomes = await Promise.allSettled([tokens.rotate(user, id), tokens.rotate(user, id)])
  t.same(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  t.match(outcomes.find((outcome) => outcome.status === 'rejected')?.reason, { code: 'AUTHTOKEN_CONFLICT', message: /was replaced/ })
  const page = await tokens.list(user, { limit: 10 })
  t.equal(page.tokens.filter(({ name, replacedBy }) => name === 'twice' && replacedBy === undefined).length, 1)
})

t.test('what rotates another token bounds how far its successor may be moved', async (t) => {
  const { users, tokens, database: { run, db, tables: { authtokenAccesstoken: access } } } = await open(t)
  const user = await users.create({ username: 'ann', password: null })
  const { id } = await tokens.create(user, { expiresIn: 60 })
  const bound = new Date(Date.now() + 600_000)
  const successor = await tokens.rotate(user, id, {}, { bound })
  const rows = await run(() => db.select({ id: access.id, latest: access.latest }).from(access))
  t.same(rows.find((row) => row.id === successor?.id)?.latest, bound)
})
