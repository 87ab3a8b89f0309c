import { readFileSync } from 'node:fs'
import SQLite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import t from 'tap'
import { copyFixture, fixture } from '../../support/fixtures.js'
import { open } from '../../support/databases.js'

interface DjangoUser {
  username: string
  /** Null for a password that is unusable. */
  password: string | null
  algorithm: string
  encoded: string
  is_active: boolean
  login_ok_expected: boolean
}

const { users }: { users: DjangoUser[] } = JSON.parse(readFileSync(fixture('django/hashers.json'), 'utf8'))
const TOO_WEAK = ['md5', 'sha1', 'crypt', 'unsalted_md5', 'unsalted_sha1']

t.test("users of Django's log in, whatever their hasher; the weak ones do not", async (t) => {
  const path = copyFixture(t, 'django/hashers.sqlite3')
  const { credentials } = await open(t, { database: `file:${path}`, passwords: { concurrency: 2 } })
  const client = new SQLite(path, { readonly: true })
  t.teardown(() => client.close())
  const hashes = () => client.prepare('select id, password, last_login from auth_user order by id').all()
  const before = hashes()
  await Promise.all(users.map(async ({ username, password, algorithm, login_ok_expected: expected }) => {
    const { account, reason } = await credentials.verify(username, password ?? '')
    const works = expected && !TOO_WEAK.includes(algorithm)
    t.equal(account !== null, works, `${username} (${algorithm}): ${reason ?? 'logs in'}`)
    t.equal((await credentials.verify(username, `!${password}`)).account, null, `${username} with a wrong password`)
  }))
  t.same(hashes(), before, "on Django's database no hash is replaced, and last_login stays")
})

t.test('a login is good also where its weaker hash can not be replaced', async (t) => {
  const path = copyFixture(t, 'django/hashers.sqlite3')
  const client = new SQLite(path, { readonly: true })
  t.teardown(() => client.close())
  const { credentials } = await open(t, { database: drizzle(client) as never, passwords: { hasher: 'argon2', rehash: true } })
  const weak = users.find(({ username }) => username === 'pbkdf2_36000_user') as DjangoUser & { password: string }
  t.match(await credentials.verify(weak.username, weak.password), { account: { user: { username: weak.username } } })
})
