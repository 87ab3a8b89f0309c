import t from 'tap'
import { openAuthtoken } from '../../../src/open-authtoken.js'
import type { DjangoDatabase } from '../../../src/database/database-interface.js'
import { DatabaseUnavailable } from '../../../src/errors.js'
import { copyUsers } from '../../../src/import/copy-users.js'
import { openDjangoSource } from '../../../src/import/open-django-source.js'
import { sealTokens } from '../../../src/tokens/sealing.js'
import { databaseUrl, open } from '../../support/databases.js'
import { djangoOnPostgres } from '../../support/fixtures.js'
import { sql } from '../../support/sql.js'

/** A database where somebody else is quicker, once: between what is asked and what is written. */
function withRival (database: DjangoDatabase, act: () => Promise<unknown>): DjangoDatabase {
  let isFirst = true
  return {
    ...database,
    async transaction (...args) {
      if (isFirst) {
        isFirst = false
        await act()
      }
      return await database.transaction(...args)
    }
  }
}

/** A source with ann and bob, who have tokens. */
async function makeSource (t: Parameters<typeof open>[0]) {
  const url = await databaseUrl(t)
  const authtoken = await openAuthtoken({ database: url, migrate: true })
  for (const username of ['ann', 'bob']) await authtoken.users.create({ username, password: null })
  await authtoken.close()
  const source = await openDjangoSource(url)
  t.teardown(() => source.close())
  return source
}

t.test('who is added during an import gets an id that no user of the source has', async (t) => {
  const source = await makeSource(t)
  const { database, users } = await open(t)
  const rival = withRival(database, () => users.create({ username: 'eve', password: null }))
  t.match(await copyUsers(source, rival), { users: { imported: 2 }, tokens: { imported: 2 }, renumbered: { count: 0 } })
  t.same((await users.list({ limit: 10 })).users.map(({ id, username }) => `${id} ${username}`).sort(), ['1 ann', '2 bob', '3 eve'])
})

t.test('who takes a username or an id at that moment keeps it', async (t) => {
  const source = await makeSource(t)
  const { database, users } = await open(t)
  const { users: { table } } = database
  const row = { password: '!', lastLogin: null, isSuperuser: false, lastName: '', email: '', isStaff: false, isActive: true, dateJoined: new Date(), firstName: '' }
  const rival = withRival(database, async () => {
    await database.run(() => database.db.insert(table).values([{ ...row, id: 1, username: 'eve' }, { ...row, id: 9, username: 'bob' }]))
  })
  t.match(await copyUsers(source, rival), {
    users: { imported: 1, present: 0, skipped: 1 },
    tokens: { imported: 1, skipped: 1 },
    renumbered: { count: 1, users: ['1'] },
    skipped: [{ reason: 'username_taken', users: ['2'] }, { reason: 'user_skipped' }]
  })
  t.same((await users.list({ limit: 10 })).users.map(({ id, username }) => `${id} ${username}`).sort(), ['1 eve', '10 ann', '9 bob'])
})

t.test('nothing is written in clear once the tokens are sealed', async (t) => {
  const source = await makeSource(t)
  const url = await databaseUrl(t)
  const { database } = await open(t, { database: url })
  t.match(await copyUsers(source, withRival(database, () => sealTokens(database))), { users: { imported: 2 }, tokens: { imported: 2 }, digests: true })
  t.same(await sql(url, 'select key from authtoken_token'), [])
  t.same((await sql(url, 'select user_id from authtoken_accesstoken order by user_id')).map((row) => row.user_id), [1, 2])
})

t.test('who is deleted at that moment is imported again, with the token', async (t) => {
  const source = await makeSource(t)
  const url = await databaseUrl(t)
  const { database } = await open(t, { database: url })
  await copyUsers(source, database)
  await sql(url, 'delete from authtoken_token')
  const rival = withRival(database, () => sql(url, 'delete from auth_user where id = 2'))
  t.match(await copyUsers(source, rival), { users: { imported: 1, present: 1 }, tokens: { imported: 2 } })
})

t.test('it stops where a database does not answer', async (t) => {
  const source = await makeSource(t)
  const { database, users } = await open(t)
  const gone = withRival(database, () => { throw new DatabaseUnavailable() })
  await t.rejects(copyUsers(source, gone), { code: 'AUTHTOKEN_DATABASE_UNAVAILABLE' })
  t.equal((await users.list({ limit: 10 })).count, 0)

  const server = await openDjangoSource(await djangoOnPostgres(t))
  for (const closed of [source, server]) {
    await closed.close()
    await t.rejects(closed.size(), { code: 'AUTHTOKEN_DATABASE_UNUSABLE', message: new RegExp(`^${closed.name} can not be`) })
  }
})

t.test('ids are reserved only upwards', async (t) => {
  const { database, users } = await open(t)
  await database.reserveIds(50)
  await database.reserveIds(20)
  t.equal((await users.create({ username: 'ann', password: null })).id, 51)
  await database.reserveIds(60)
  t.equal((await users.create({ username: 'bob', password: null })).id, 61)
})
