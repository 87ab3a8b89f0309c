import { readFileSync } from 'node:fs'
import t from 'tap'
import { databaseUrl, open } from '../../support/databases.js'
import { fixture } from '../../support/fixtures.js'
import { sql } from '../../support/sql.js'

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

t.test('a good login replaces a weaker hash, never a stronger one', async (t) => {
  const argon2 = users.find(({ algorithm }) => algorithm === 'argon2') as DjangoUser & { password: string }
  const weak = users.find(({ username }) => username === 'pbkdf2_36000_user') as DjangoUser & { password: string }
  for (const [hasher, { encoded, password }, replaced] of [
    ['argon2', weak, /^argon2\$argon2id\$v=19\$m=19456,t=2,p=1\$/],
    ['pbkdf2_sha256', weak, /^pbkdf2_sha256\$1000000\$/],
    ['pbkdf2_sha256', argon2, null],
    ['argon2', argon2, null]
  ] as const) {
    const url = await databaseUrl(t)
    const { users, credentials } = await open(t, { database: url, passwords: { hasher } })
    await users.create({ username: 'ann', password: null })
    const stored = async () => (await sql(url, 'select password from auth_user'))[0]?.password
    await sql(url, `update auth_user set password = '${encoded}'`)
    await credentials.verify('ann', 'wrong')
    t.equal(await stored(), encoded, 'a failed login changes nothing')
    t.ok((await credentials.verify('ann', password)).account)
    if (replaced === null) t.equal(await stored(), encoded, `${hasher} does not replace what is stronger`)
    else t.match(await stored(), replaced)
    t.ok((await credentials.verify('ann', password)).account, 'and the password still is the same')
  }
})

t.test('a first login that finds the queue full is refused, and the next one works', async (t) => {
  const { users, credentials } = await open(t, { passwords: { concurrency: 1, size: 1 } })
  await users.create({ username: 'ann', password: 'unlike-it-1' })
  const others = [credentials.encode('x'), credentials.encode('y')]
  await t.rejects(credentials.verify('ann', 'unlike-it-1'), { code: 'AUTHTOKEN_LOGIN_QUEUE_FULL' } as never)
  await Promise.all(others)
  t.match(await credentials.verify('ann', 'unlike-it-1'), { account: { user: { username: 'ann' } } })
})

t.test('a hash that looks well-formed and is not refuses the login, no more', async (t) => {
  const url = await databaseUrl(t)
  const { users, credentials } = await open(t, { database: url })
  await users.create({ username: 'ann', password: null })
  await sql(url, "update auth_user set password = 'scrypt$131072$seasalt$1$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw=='")
  t.match(await credentials.verify('ann', 'x'), { user: null, reason: 'the hash can not be computed' })
})
