import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../support/repository.js'
import { runProgram, environment } from '../../../support/child-program.js'
import { readRows, readSchema } from '../rows.js'
import { type Context, startSides } from '../sides.js'

interface Fixture {
  username: string
  password: string | null
  algorithm: string | null
  token: string | null
  is_active: boolean
  password_checks_in_django: boolean
}

const FIXTURES = join(ROOT, 'test', 'fixtures', 'django')
const READ = ['pbkdf2_sha256', 'pbkdf2_sha1', 'argon2', 'bcrypt_sha256', 'bcrypt']
const REFUSED = '400 Unable to log in with provided credentials.'

/** Every hash that Django makes: adopted, logged in with, and still Django's afterwards. */
export async function checkHashers ({ report, folder, packages }: Context): Promise<void> {
  const adopted = join(folder, 'hashers.sqlite3')
  copyFileSync(join(FIXTURES, 'hashers.sqlite3'), adopted)
  const [rows, schema] = [readRows(adopted), readSchema(adopted)]
  const kit = await runProgram('npx', ['--no-install', 'drizzle-kit', 'migrate'], {
    cwd: ROOT,
    env: environment({ DATABASE_URL: `file:${adopted}` })
  })
  report.equal('drizzle-kit migrate adopts a database of Django\'s', kit.code, 0)
  const { __authtoken_migrations: migrations, authtoken_accesstoken: accessTokens, authtoken_state: state, ...after } = readRows(adopted)
  report.equal('no row of it is changed', after, rows)
  report.equal(
    'nor a table or index',
    readSchema(adopted).filter((it) => !/__authtoken_migrations|authtoken_accesstoken|authtoken_state/.test(JSON.stringify(it))),
    schema
  )
  report.equal('and the migrations are on record, their tables empty', [migrations?.length, accessTokens, state], [2, [], []])

  const { users } = JSON.parse(readFileSync(join(FIXTURES, 'hashers.json'), 'utf8')) as { users: Fixture[] }
  const isReadable = ({ algorithm }: Fixture) =>
    (packages.argon2 || algorithm !== 'argon2') && (packages.bcrypt || !algorithm?.startsWith('bcrypt'))
  const others = users.filter((user) => !isReadable(user))
  if (others.length > 0) {
    report.note(`Django can't read the hashes of ${others.length} users here: python3-argon2 or python3-bcrypt ` +
      'is not installed')
  }

  const rounds = [
    {},
    ...[
      'pbkdf2_sha256',
      ...(packages.argon2 ? ['argon2'] : []),
      ...(packages.bcrypt ? ['bcrypt_sha256'] : [])
    ].map((name) => ({ PASSWORD_REHASH: 'on', PASSWORD_HASHER: name }))
  ]
  for (const [i, settings] of rounds.entries()) {
    const title = Object.entries(settings).map((pair) => pair.join('=')).join(' ') || 'default settings'
    const path = join(folder, `hashers-${i}.sqlite3`)
    copyFileSync(adopted, path)
    const { ours, theirs, orm, stop } = await startSides(path, settings)
    try {
      const wrong: string[] = []
      for (const { username, password, algorithm, token, is_active: isActive } of users.filter(({ password }) => password !== null)) {
        const answer = await ours.login(username, password as string)
        const expected = READ.includes(algorithm ?? '') && isActive ? token ?? await theirs.login(username, password as string) : REFUSED
        if (answer !== expected) wrong.push(`${username}: ${answer}, not ${expected}`)
      }
      report.equal(`who has a hash that Django enables by default, or plain bcrypt, logs in; the others do not (${title})`, wrong, [])
      const changed = readRows(path, ['auth_user']).auth_user?.filter((row, n) => (row as { password: string }).password !== (rows.auth_user?.[n] as { password: string }).password)
        .length ?? 0
      if (i === 0) report.equal('our logins have changed no password', changed, 0)
      else report.note(`${changed} hashes were replaced by our logins`)

      const denied: string[] = []
      for (const { username, password, password_checks_in_django: expected } of users.filter((user) => user.password !== null && isReadable(user))) {
        if (await orm.call('accepts', { username, password }) !== expected) denied.push(username)
      }
      report.equal(`Django still accepts all those passwords (${title})`, denied, [])
      const tokens = users.filter(({ token, is_active: isActive }) => token !== null && isActive)
      const strangers = await Promise.all(tokens.map(async ({ username, token }) => [
        await ours.who(token as string),
        await theirs.who(token as string)
      ].every((name) => name === username)
        ? []
        : [username]))
      report.equal(`every token of an active user works on both sides (${title})`, strangers.flat(), [])
      if (i === 0) report.check('the service has complained of nothing', ours.complaints().length === 0, ours.complaints())
    } finally {
      await stop()
    }
  }
}
