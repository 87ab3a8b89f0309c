import pg from 'pg'
import t, { type Test } from 'tap'
import { openAuthtoken } from '../../../../src/open-authtoken.js'
import { digestOf } from '../../../../src/tokens/format.js'
import { createDatabase } from '../../../support/postgres/database.js'

/** A database with a user and tokens of both kinds, a connection that writes, and one that hears of it. */
async function setUp (t: Test) {
  const url = await createDatabase(t)
  const authtoken = await openAuthtoken({ database: url, migrate: true })
  const client = new pg.Client(url)
  const listening = new pg.Client(url)
  await Promise.all([client.connect(), listening.connect()])
  t.teardown(() => Promise.all([authtoken.close(), client.end(), listening.end()]))
  const user = await authtoken.users.create({ username: 'ann', password: null }, { validate: false })
  const drf = await authtoken.tokens.getOrCreate(user)
  const access = await authtoken.tokens.create(user, { name: 'ci', expiresIn: 3_600 })
  await listening.query('listen authtoken')

  /** What is told of a write: all that comes before a notice of our own, which is sent behind it. */
  async function told (write: string | (() => Promise<unknown>), values: unknown[] = []): Promise<string[]> {
    const heard: string[] = []
    const ended = new Promise<void>((resolve) => {
      listening.removeAllListeners('notification')
      listening.on('notification', ({ payload = '' }) => payload === 'end of the test' ? resolve() : heard.push(payload))
    })
    await (typeof write === 'string' ? client.query(write, values) : write())
    await client.query("notify authtoken, 'end of the test'")
    await ended
    return heard
  }

  return { authtoken, client, user, drf, access, told, ofUser: `user ${user.id}`, ofDrf: `digest ${digestOf(drf.key)}`, ofAccess: `digest ${digestOf(access.key)}` }
}

t.test('what ends or changes an identity is told, as a digest or the id of a user', async (t) => {
  const { told, ofUser, ofDrf, ofAccess, drf, access, user } = await setUp(t)
  for (const change of ["username = 'bea'", "first_name = 'Bea'", "last_name = 'B'", "email = 'b@example.org'", 'is_staff = true', 'is_superuser = true', 'is_active = false', 'date_joined = now()']) {
    t.same(await told(`update auth_user set ${change}`), [ofUser], change)
  }
  for (const change of ["name = 'cd'", "scope = 'orders:read'", 'disabled = true', "replaced_by = 'another'", "kind = 'login'", 'latest = now()', 'expires = now()', "expires = now() + interval '1 day'", 'expires = null']) {
    t.same(await told(`update authtoken_accesstoken set ${change}`), [ofAccess], change)
  }
  t.same(await told('update authtoken_token set created = now()'), [ofDrf])
  const other = '9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b'
  t.same(await told('update authtoken_token set key = $1', [other]), [ofDrf], 'the former key')
  t.same(await told('delete from authtoken_token where key = $1', [other]), [`digest ${digestOf(other)}`])
  t.same(await told('insert into authtoken_token values ($1, now(), $2)', [drf.key, user.id]), [])
  t.same(await told('delete from authtoken_accesstoken where id = $1', [access.id]), [ofAccess])
})

t.test('what goes with its user is told with it', async (t) => {
  const { authtoken, told, user, ofUser, ofDrf, ofAccess } = await setUp(t)
  t.same((await told(() => authtoken.users.delete(user))).sort(), [ofDrf, ofAccess, ofUser].sort())
})

t.test('a table that is emptied is told as all', async (t) => {
  const { told } = await setUp(t)
  for (const table of ['authtoken_token', 'authtoken_accesstoken', 'auth_user, authtoken_token, authtoken_accesstoken']) t.same(await told(`truncate ${table}`), ['all'])
})

t.test('uses, logins and new hashes are not told, nor what is new or stays as it was', async (t) => {
  const { authtoken, told, user } = await setUp(t)
  for (const write of [
    'update auth_user set last_login = now()',
    "update auth_user set password = 'another hash'",
    'update auth_user set username = username, is_active = is_active',
    'update authtoken_token set key = key',
    'update authtoken_accesstoken set last_used = now()',
    "update authtoken_accesstoken set last_used = now() + interval '1 second', expires = expires + interval '1 minute'",
    'update authtoken_accesstoken set name = name'
  ]) t.same(await told(write), [], write)
  t.same(await told(() => authtoken.users.create({ username: 'bob', password: null }, { validate: false })), [])
  t.same(await told(() => authtoken.tokens.create(user)), [])
  t.same(await told('begin; delete from authtoken_token; update auth_user set is_active = false; rollback'), [])
})

t.test('nothing is told until it is committed', async (t) => {
  const { client, told, ofDrf } = await setUp(t)
  await client.query('begin; delete from authtoken_token')
  t.same(await told('commit'), [ofDrf])
})

t.test('what Django and replication write is told too', async (t) => {
  const { client, told, user, drf, ofUser, ofDrf, ofAccess } = await setUp(t)
  t.same(await told(`UPDATE "auth_user" SET "password" = '!', "last_login" = NULL, "is_superuser" = false, "username" = 'ann', "first_name" = '', "last_name" = '', "email" = '', "is_staff" = false, "is_active" = false, "date_joined" = '2026-01-01T00:00:00+00:00'::timestamptz WHERE "auth_user"."id" = ${user.id}`), [ofUser])
  t.same(await told(`DELETE FROM "authtoken_token" WHERE "authtoken_token"."key" IN ('${drf.key}')`), [ofDrf])
  await client.query('set session_replication_role = replica')
  t.same(await told('update authtoken_accesstoken set disabled = true'), [ofAccess])
  t.same(await told('update auth_user set is_active = true'), [ofUser])
})

t.test('no key is told', async (t) => {
  const { authtoken, told, user, drf, access } = await setUp(t)
  const all = [
    ...await told(() => authtoken.tokens.rotate(user, access.id)),
    ...await told(() => authtoken.tokens.replace(user)),
    ...await told(() => authtoken.users.update(user, { password: 'correct horse battery' }))
  ]
  t.equal(all.length >= 3, true)
  for (const payload of all) {
    t.match(payload, /^(digest [0-9a-f]{64}|user \d+)$/)
    for (const { key } of [drf, access]) t.notMatch(payload, key)
  }
})
