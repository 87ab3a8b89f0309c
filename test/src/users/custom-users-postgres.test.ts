import { readFileSync } from 'node:fs'
import pg from 'pg'
import t, { type Test } from 'tap'
import { openAuthtoken } from '../../../src/open-authtoken.js'
import { digestOf } from '../../../src/tokens/format.js'
import { customUsersOnPostgres, fixture } from '../../support/fixtures.js'
import { createDatabase } from '../../support/postgres/database.js'
import { until } from '../../support/until.js'
import { sql } from '../../support/sql.js'

interface Person { id: string, email: string, token: string }

const [ada, bob]: [Person, Person] = JSON.parse(readFileSync(fixture('django/custom-user.json'), 'utf8'))
const USERS = { table: 'people_person', username: 'email' }

/** A database of a custom user model, a connection that writes, and one that hears of it. */
async function setUp (t: Test) {
  const url = await customUsersOnPostgres(t)
  const authtoken = await openAuthtoken({ database: url, migrate: true, users: USERS })
  const client = new pg.Client(url)
  const listening = new pg.Client(url)
  await Promise.all([client.connect(), listening.connect()])
  t.teardown(() => Promise.all([authtoken.close(), client.end(), listening.end()]))
  await listening.query('listen authtoken')

  /** What is told of a write: all that comes before a notice of our own, which is sent behind it. */
  async function told (write: string): Promise<string[]> {
    const heard: string[] = []
    const ended = new Promise<void>((resolve) => {
      listening.removeAllListeners('notification')
      listening.on('notification', ({ payload = '' }) => payload === 'end of the test' ? resolve() : heard.push(payload))
    })
    await client.query(write)
    await client.query("notify authtoken, 'end of the test'")
    await ended
    return heard
  }
  return { url, authtoken, told }
}

t.test('what ends or changes an identity is told of a custom user model too, and nothing else', async (t) => {
  const { told } = await setUp(t)
  const ofBob = ` where id = '${bob.id}'`
  for (const change of ['is_active = false', "email = 'bea@example.org'", 'is_staff = true', 'is_superuser = true', "full_name = 'Bob'"]) t.same(await told(`update people_person set ${change}${ofBob}`), [`user ${bob.id}`], change)
  for (const change of ["password = 'another hash'", 'last_login = now()', 'email = email']) t.same(await told(`update people_person set ${change}${ofBob}`), [], change)
  t.same(await told(`delete from authtoken_token where user_id = '${bob.id}'`), [`digest ${digestOf(bob.token)}`])
  t.same(await told(`delete from people_person${ofBob}`), [`user ${bob.id}`])
  t.same(await told('truncate people_person cascade'), Array(3).fill('all').slice(0, 1), 'one notice, however many tables say it')
})

t.test('a node remembers, and forgets what others end', async (t) => {
  const { url, authtoken: { authenticator, database } } = await setUp(t)
  t.same(await database.inspect(), { unusable: [], unready: [], advice: [] })
  const active = async ({ token }: Person) => (await authenticator.authenticate(token))?.isActive ?? null
  // At hand without a promise: the watch is on, and the answer remembered.
  await until(async () => { await active(ada); await active(bob); return !(authenticator.authenticate(ada.token) instanceof Promise) })
  await sql(url, `update people_person set is_active = false where id = '${ada.id}'`)
  await until(async () => await active(ada) === false)
  await sql(url, `delete from authtoken_token where user_id = '${bob.id}'`)
  await until(async () => await active(bob) === null)
})

t.test('triggers that were lost are missed', async (t) => {
  const { url, authtoken: { database } } = await setUp(t)
  await sql(url, 'drop trigger authtoken_changed on people_person')
  t.match(await database.inspect(), { unusable: [], unready: [], advice: [/^has lost triggers of ours/] })
})

t.test('what an id\'s column can not hold is nobody\'s, in a serial one too', async (t) => {
  for (const [type, tooLarge] of [['smallserial', '40000'], ['serial', '3000000000'], ['bigserial', '9999999999999999']] as const) {
    const url = await createDatabase(t)
    await sql(url, `create table members (id ${type} primary key, password text not null, login text not null unique)`)
    const authtoken = await openAuthtoken({ database: url, migrate: true, users: { table: 'members', username: 'login' } })
    t.teardown(() => authtoken.close())
    const ann = await authtoken.users.create({ username: 'ann', password: null })
    t.equal(await authtoken.tokens.findOwner('drf-1'), ann.id)
    t.equal(await authtoken.tokens.findOwner(`drf-${tooLarge}`), null, type)
  }
})
