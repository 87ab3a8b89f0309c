import { readColumn } from '../rows.js'
import type { Context, Sides } from '../sides.js'

const PASSWORD = 'correct-horse-9'

/** Who was made on one side logs in on the other, and has one token on both. */
export async function checkLogins ({ report, packages }: Context, { path, ours, theirs, orm, command }: Sides, admin: string): Promise<void> {
  const password = (username: string) => readColumn(path, username, 'password') as string

  const hashers = [
    'pbkdf2_sha256',
    'pbkdf2_sha1',
    ...(packages.argon2 ? ['argon2'] : []),
    ...(packages.bcrypt ? ['bcrypt_sha256', 'bcrypt'] : [])
  ]
  for (const hasher of hashers) {
    const username = `django-${hasher}`
    const key = await orm.call<string>('create_user', { username, password: PASSWORD, hasher })
    const before = password(username)
    report.equal(`a user that Django made with ${hasher} gets Django's token at our service`, await ours.login(username, PASSWORD), key)
    report.equal(`our login leaves the ${hasher} hash as it is`, password(username), before)
    report.equal(`that user gets the same token at Django (${hasher})`, await theirs.login(username, PASSWORD), key)
    report.equal(`the token works on both sides (${hasher})`, [await ours.who(key), await theirs.who(key)], [username, username])
  }

  await orm.call('create_user', { username: 'django-later', password: PASSWORD, token: false })
  const issued = await ours.login('django-later', PASSWORD)
  report.equal(
    'a user of Django\'s without a token gets one at our service that Django then gives too',
    await theirs.login('django-later', PASSWORD),
    issued
  )
  report.equal('that token works on both sides', [await ours.who(issued), await theirs.who(issued)], ['django-later', 'django-later'])

  const made = await command(['createuser', '--username', 'ours-command', '--noinput'], PASSWORD)
  report.equal('createuser --noinput makes a user in Django\'s database', [made.code, made.errors], [0, ''])
  const posted = await ours.request('POST', '/users/', { token: admin, body: { username: 'ours-http', password: PASSWORD } })
  report.equal('POST /users/, with the token of Django\'s superuser, makes a user', posted.status, 201)
  const unicode = await ours.request('POST', '/users/', { token: admin, body: { username: 'ours-jürgen', password: 'pässwörd-π-😀' } })
  report.equal('so does a name and a password beyond ASCII', unicode.status, 201)

  for (const [username, secret] of [['ours-command', PASSWORD], ['ours-http', PASSWORD], ['ours-jürgen', 'pässwörd-π-😀']] as const) {
    const before = password(username)
    report.check(`the hash of ${username} is pbkdf2_sha256`, before.startsWith('pbkdf2_sha256$'), before)
    report.check(`Django's check_password accepts the hash of ${username}`, await orm.call('accepts', { username, password: secret }))
    report.check(
      `Django's check_password refuses another password of ${username}`,
      !await orm.call('accepts', { username, password: `${secret}x` })
    )
    const key = await ours.login(username, secret)
    report.equal(`our login leaves the hash of ${username} as it is`, password(username), before)
    report.equal(`${username} gets the same token at Django`, await theirs.login(username, secret), key)
    report.equal(`the token of ${username} works on both sides`, [await ours.who(key), await theirs.who(key)], [username, username])
    if (password(username) !== before) {
      report.note(`Django's own login encoded the password of ${username} anew: ${form(before)} ` +
        `before, ${form(password(username))} now`)
    }
    report.equal(`${username} logs in at our service after a login at Django`, await ours.login(username, secret), key)
  }

  await command(['createsuperuser', '--username', 'ours-admin', '--email', 'Admin@EXAMPLE.org', '--noinput'], PASSWORD)
  const { is_staff: staff, is_superuser: superuser, email } = await orm.call<Record<string, unknown>>(
    'describe',
    { username: 'ours-admin' }
  )
  report.equal('createsuperuser makes what Django holds to be a superuser', [staff, superuser, email], [
    { type: 'bool', value: true }, { type: 'bool', value: true }, { type: 'str', value: 'Admin@example.org' }
  ])

  const refused = ['django-later', 'nobody'].map((username) => ({ username, password: 'wrong' }))
  for (const body of refused) {
    const [at, there] = [
      await ours.request('POST', '/api-token-auth/', { body }),
      await theirs.request('POST', '/api-token-auth/', { body })
    ]
    report.equal(`both sides refuse a wrong login of ${body.username} in the same words`, [at.status, at.body], [there.status, there.body])
  }

  await orm.call('create_users', { prefix: 'at-once-', count: 20, password: PASSWORD, token: false })
  const keys = await Promise.all(Array.from({ length: 20 }, (_, i) => Promise.all([ours, theirs].map((side) => side.login(
    `at-once-${i}`,
    PASSWORD
  )))))
  report.check(
    '20 first logins, on both sides at once, give one token a user',
    keys.every(([at, there]) => at === there && /^[0-9a-f]{40}$/.test(at ?? '')),
    keys
  )
}

const form = (encoded: string) => encoded.split('$').slice(0, 2).join('$')
