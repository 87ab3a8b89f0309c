import { eq } from 'drizzle-orm'
import { openAuthtoken } from '../../../../src/index.js'
import { readColumn, readRows } from '../rows.js'
import type { Context, Sides } from '../sides.js'

type Value = { type: string, value: unknown }
type Moment = { aware: boolean, iso: string }
type Described = Record<'is_active' | 'is_staff' | 'is_superuser' | 'last_login', Value> & Record<'date_joined' | 'created' | 'last_login', Moment> & { joined_in_2020: boolean }

const PASSWORD = 'correct-horse-9'
const TABLES = ['auth_user', 'authtoken_token']

/** Dates and booleans mean the same on both sides, and checking a token writes nothing. */
export async function checkColumns ({ report }: Context, { path, ours, theirs, orm }: Sides, admin: string): Promise<void> {
  const describe = (username: string) => orm.call<Described>('describe', { username })
  const me = async (token: string) =>
    (await ours.request('GET', '/users/me/', { token })).body as Record<string, unknown> & { token: { created: string } }

  const start = Date.now() - 1000
  await ours.request('POST', '/users/', { token: admin, body: { username: 'column-ours', password: PASSWORD, is_staff: true } })
  const key = await ours.login('column-ours', PASSWORD)
  const made = await describe('column-ours')
  const isNow = ({ aware, iso }: Moment) => aware && Date.parse(iso) >= start && Date.parse(iso) <= Date.now()
  report.check('Django reads our date_joined as an aware datetime of now', isNow(made.date_joined), made.date_joined)
  report.check('Django reads our created as an aware datetime of now', isNow(made.created), made.created)
  report.equal(
    'Django reads our booleans as bools',
    [made.is_active, made.is_staff, made.is_superuser],
    [true, true, false].map((value) => ({ type: 'bool', value }))
  )
  report.equal('Django reads our last_login as None', made.last_login, { type: 'NoneType', value: null })
  report.equal('and both sides say the same of that user', [
    (await me(key)).date_joined,
    (await me(key)).token.created
  ].map((text) => Date.parse(String(text))),
  [made.date_joined, made.created].map(({ iso }) => Date.parse(iso)))

  const library = await openAuthtoken({ database: `file:${path}`, migrate: false })
  try {
    const { db, users: { table: users } } = library.database
    for (const iso of ['2020-01-02T03:04:05.000Z', '2020-12-31T23:59:59.123Z', '2020-06-01T00:00:00.001Z']) {
      await library.database.run(() => db.update(users).set({
        dateJoined: new Date(iso),
        lastLogin: new Date(iso)
      }).where(eq(users.username, 'column-ours')))
      const { date_joined: joined, last_login: last, joined_in_2020: in2020 } = await describe('column-ours')
      report.equal(
        `Django reads our ${iso}, and finds the row by its year`,
        [[joined, last].map(({ aware, iso }) => [aware, Date.parse(iso)]), in2020],
        [[[true, Date.parse(iso)], [true, Date.parse(iso)]], true]
      )
    }
  } finally {
    await library.database.close()
  }

  const theirKey = await orm.call<string>('create_user', { username: 'column-django', password: PASSWORD, is_staff: true })
  for (const [written, read] of [
    ['2020-01-02T03:04:05+00:00', '2020-01-02T03:04:05.000Z'],
    ['2020-01-02T03:04:05.678901+00:00', '2020-01-02T03:04:05.678Z'],
    ['2020-01-02T03:04:05.000001+02:00', '2020-01-02T01:04:05.000Z']
  ] as const) {
    await orm.call('set_fields', { username: 'column-django', date_joined: written, last_login: written })
    const answer = await me(theirKey)
    report.equal(`we read what Django wrote for ${written}`, [answer.date_joined, answer.last_login], [read, read])
  }
  const answer = await me(theirKey)
  report.equal('we read Django\'s booleans', [answer.is_active, answer.is_staff, answer.is_superuser], [true, true, false])
  report.equal('we read Django\'s created', Date.parse(answer.token.created), Date.parse((await describe('column-django')).created.iso))

  await orm.call('set_fields', { username: 'column-django', date_joined: '2020-01-02T03:04:05.678901+00:00' })
  await ours.request('PATCH', '/users/column-django/', { token: admin, body: { first_name: 'Ada' } })
  report.equal(
    'PATCH of a name keeps the microseconds of Django\'s date',
    readColumn(path, 'column-django', 'date_joined'),
    '2020-01-02 03:04:05.678901'
  )

  const before = readRows(path, TABLES)
  const names = new Set<string>()
  for (let i = 0; i < 100; i++) names.add(await ours.who(i % 2 === 0 ? key : theirKey))
  report.equal('100 token checks are answered', [...names], ['column-ours', 'column-django'])
  report.equal('they change no row', readRows(path, TABLES), before)
  report.equal('a login of a user who has a token', await ours.login('column-django', PASSWORD), theirKey)
  report.equal('changes none either', readRows(path, TABLES), before)
  await theirs.who(key)
  report.equal('nor does a check by Django', readRows(path, TABLES), before)
}
