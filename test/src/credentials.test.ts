import { readFileSync } from 'node:fs'
import { hashSync } from '@node-rs/argon2'
import SQLite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import t from 'tap'
import { copyFixture, databaseUrl, fixture, open } from '../helpers.js'
import { HASHERS, readPassword, unusablePassword } from '../../src/users/hashers/index.js'

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
    const { user, reason } = await credentials.verify(username, password ?? '')
    const works = expected && !TOO_WEAK.includes(algorithm)
    t.equal(user !== null, works, `${username} (${algorithm}): ${reason ?? 'logs in'}`)
    t.equal((await credentials.verify(username, `!${password}`)).user, null, `${username} with a wrong password`)
  }))
  t.same(hashes(), before, "on Django's database no hash is replaced, and last_login stays")
})

t.test('the log says why a hash is not accepted, and never what it is', async (t) => {
  for (const [encoded, reason] of [
    ['', 'the password is empty'],
    ['!abc', 'the password is unusable'],
    [unusablePassword(), 'the password is unusable'],
    ['plain', 'the hash has no known algorithm'],
    ['whirlpool$1$aa$bb', 'the hash has no known algorithm'],
    ['constructor$1$aa$bb', 'the hash has no known algorithm'],
    ['md5$5J9syccHSa3E$9ee007d6bf3b60a2d53a5e41a52291d5', 'md5 hashes are too weak to be accepted; the user needs a new password'],
    ['pbkdf2_sha256$abc$salt$hash', 'the pbkdf2_sha256 hash is corrupt'],
    ['pbkdf2_sha256$0$salt$VziGeOsj3I3tRYpN0/bnv3XPrVziGeOsj3I3tRYpN0/=', 'the pbkdf2_sha256 hash is corrupt'],
    ['pbkdf2_sha256$99999999$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', 'the pbkdf2_sha256 hash is corrupt'],
    ['argon2$argon2id$v=19$m=99999999,t=2,p=8$alAzNGpQZmZzWWs4ZFJWVXRvWXQ3NA$ZY1NAXZNmTqmKZfLSyo2kQ', 'the argon2 hash is corrupt'],
    ['argon2$argon2id$v=19$m=8,t=2,p=8$alAzNGpQZmZzWWs4ZFJWVXRvWXQ3NA$ZY1NAXZNmTqmKZfLSyo2kQ', 'the argon2 hash is corrupt'],
    ['bcrypt$$2b$31$KU4oZxUy5vH9/4ukNzn3D.vZgxLoxGH3vxq7V6vDLnkvryNZ1Jcn.', 'the bcrypt hash is corrupt'],
    ['bcrypt_sha256$$2b$12$short', 'the bcrypt_sha256 hash is corrupt'],
    ['scrypt$16383$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==', 'the scrypt hash is corrupt'],
    ['scrypt$8388608$seasalt$64$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==', 'the scrypt hash is corrupt']
  ] as const) {
    t.match(readPassword(encoded), { hash: null, reason }, encoded)
  }
})

t.test("scrypt hashes of Django's newer versions hold", async (t) => {
  for (const { password, encoded } of JSON.parse(readFileSync(fixture('django/scrypt.json'), 'utf8'))) {
    const { hash } = readPassword(encoded)
    t.equal(hash?.verify(password), true, encoded.slice(0, 20))
    t.equal(hash?.verify(`${password} `), false)
  }
})

t.test("Argon2's older variants are read", async (t) => {
  for (const [name, algorithm] of [['argon2d', 0], ['argon2i', 1]] as const) {
    const { hash } = readPassword(`argon2${hashSync('secret', { algorithm, memoryCost: 1024, timeCost: 2, parallelism: 1 })}`)
    t.equal(hash?.verify('secret'), true, name)
    t.equal(hash?.verify('wrong'), false, name)
  }
})

for (const [name, hasher] of Object.entries(HASHERS)) {
  t.test(`a new ${name} hash is in Django's form, and its own password alone opens it`, async (t) => {
    const encoded = hasher.encode('pässwörd-π-😀')
    t.ok(encoded.startsWith(`${name}$`) && encoded.length <= 128, encoded.replace(/[^$]{20,}/g, '…'))
    t.not(hasher.encode('pässwörd-π-😀'), encoded, 'salted')
    const { hash } = readPassword(encoded)
    t.equal(hash?.cost, hasher.cost)
    t.equal(hash?.verify('pässwörd-π-😀'), true)
    t.equal(hash?.verify('passw'), false)
  })
}

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
    const client = new SQLite(url.slice('file:'.length))
    t.teardown(() => client.close())
    const stored = client.prepare('select password from auth_user').pluck()
    client.prepare('update auth_user set password = ?').run(encoded)
    await credentials.verify('ann', 'wrong')
    t.equal(stored.get(), encoded, 'a failed login changes nothing')
    t.ok((await credentials.verify('ann', password)).user)
    if (replaced === null) t.equal(stored.get(), encoded, `${hasher} does not replace what is stronger`)
    else t.match(stored.get(), replaced)
    t.ok((await credentials.verify('ann', password)).user, 'and the password still is the same')
  }
})

t.test('a login is good also where its weaker hash can not be replaced', async (t) => {
  const path = copyFixture(t, 'django/hashers.sqlite3')
  const client = new SQLite(path, { readonly: true })
  t.teardown(() => client.close())
  const { credentials } = await open(t, { database: drizzle(client) as never, passwords: { hasher: 'argon2', rehash: true } })
  const weak = users.find(({ username }) => username === 'pbkdf2_36000_user') as DjangoUser & { password: string }
  t.match(await credentials.verify(weak.username, weak.password), { user: { username: weak.username } })
})

t.test('a first login that finds the queue full is refused, and the next one works', async (t) => {
  const { users, credentials } = await open(t, { passwords: { concurrency: 1, size: 1 } })
  await users.create({ username: 'ann', password: 'unlike-it-1' })
  const others = [credentials.encode('x'), credentials.encode('y')]
  await t.rejects(credentials.verify('ann', 'unlike-it-1'), { code: 'AUTHTOKEN_LOGIN_QUEUE_FULL' } as never)
  await Promise.all(others)
  t.match(await credentials.verify('ann', 'unlike-it-1'), { user: { username: 'ann' } })
})

t.test('a hash that looks well-formed and is not refuses the login, no more', async (t) => {
  const url = await databaseUrl(t)
  const { users, credentials } = await open(t, { database: url })
  await users.create({ username: 'ann', password: null })
  const client = new SQLite(url.slice('file:'.length))
  t.teardown(() => client.close())
  client.prepare('update auth_user set password = ?').run('scrypt$131072$seasalt$1$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==')
  t.match(await credentials.verify('ann', 'x'), { user: null, reason: 'the hash can not be computed' })
})
