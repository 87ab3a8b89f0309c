import { createHash } from 'node:crypto'
import bcrypt from 'bcrypt'
import t from 'tap'
import { HASHERS, readPassword } from '../../../src/passwords/hashers/index.js'
import { FILES, settings, VECTORS } from '../../support/password-vectors.js'

const HASH32 = 'A'.repeat(43)
const SALT = 'c2FsdHNhbHRzYWx0'

for (const vectors of FILES) {
  t.test(`hashes of ${vectors[0].system} are read as its own library reads them`, async (t) => {
    for (const { library, version, encoded, password, alike, refused } of vectors) {
      const { hash } = readPassword(encoded)
      const name = `${library} ${version}: ${settings(encoded)}`
      for (const right of [password, ...alike]) t.equal(hash?.verify(right), true, `${name}, ${right}`)
      for (const wrong of refused) t.equal(hash?.verify(wrong), false, `${name}, not ${wrong}`)
    }
  })
}

t.test('what can not be read says why, and never what it is', async (t) => {
  const crypt = 'KU4oZxUy5vH9/4ukNzn3D.vZgxLoxGH3vxq7V6vDLnkvryNZ1Jcn.'
  const long = 'A'.repeat(172)
  for (const [encoded, reason] of [
    [`$2x$10$${crypt}`, '$2x$ hashes were made by a bcrypt that was wrong; the user needs a new password'],
    [`$2$10$${crypt}`, 'the hash has no known algorithm'],
    [`$1$${SALT}$${HASH32}`, 'the hash has no known algorithm'],
    ['$', 'the hash has no known algorithm'],
    ['$2b', 'the hash has no known algorithm'],
    ['$2b$', 'the $2b hash is corrupt'],
    [`$2b$03$${crypt}`, 'the $2b hash is corrupt'],
    [`$2a$31$${crypt}`, 'the $2a hash is corrupt'],
    [`$2y$10$${crypt.slice(1)}`, 'the $2y hash is corrupt'],
    [`$2y$10$${crypt}\n`, 'the $2y hash is corrupt'],
    [`$bcrypt$v=120$r=10$${'A'.repeat(22)}$${'A'.repeat(31)}`, 'the $bcrypt hash is corrupt'],
    [`$bcrypt$v=98$r=100$${'A'.repeat(22)}$${'A'.repeat(31)}`, 'the $bcrypt hash is corrupt'],
    [`$bcrypt$v=98$r=10$${SALT}$${'A'.repeat(31)}`, 'the $bcrypt hash is corrupt'],
    [`$argon2id$v=19$m=1048577,t=2,p=1$${SALT}$${HASH32}`, 'the $argon2id hash is corrupt'],
    [`$argon2id$v=19$m=1024,t=1000,p=1$${SALT}$${HASH32}`, 'the $argon2id hash is corrupt'],
    [`$argon2id$v=18$m=1024,t=2,p=1$${SALT}$${HASH32}`, 'the $argon2id hash is corrupt'],
    [`$argon2id$v=19$m=1024,t=2,p=1$c2FsdA$${HASH32}`, 'the $argon2id hash is corrupt'],
    [`$argon2i$v=19$m=1024,t=2,p=1$${SALT}$AAAA`, 'the $argon2i hash is corrupt'],
    [`$argon2d$v=19$m=1024,t=2$${SALT}$${HASH32}`, 'the $argon2d hash is corrupt'],
    [`$argon2d$v=19$m=1024,t=2,p=1,data=AAAA$${SALT}$${HASH32}`, 'the $argon2d hash is corrupt'],
    [`$argon2id$v=19$m=1024,t=2,p=1$${SALT}$${'.'.repeat(43)}`, 'the $argon2id hash is corrupt'],
    [`$argon2id$v=19$m=1024,m=1024,p=1$${SALT}$${HASH32}`, 'the $argon2id hash is corrupt'],
    [`$argon2id$v=19$m=1024,t=2,p=1,t=2$${SALT}$${HASH32}`, 'the $argon2id hash is corrupt'],
    [`$scrypt$n=16383,r=8,p=1$${SALT}$${HASH32}`, 'the $scrypt hash is corrupt'],
    [`$scrypt$ln=0,r=8,p=1$${SALT}$${HASH32}`, 'the $scrypt hash is corrupt'],
    [`$scrypt$ln=20,r=8,p=1$${SALT}$${HASH32}`, 'the $scrypt hash is corrupt'],
    [`$scrypt$ln=99999999,r=8,p=1$${SALT}$${HASH32}`, 'the $scrypt hash is corrupt'],
    [`$scrypt$n=16384,r=99999999,p=1$${SALT}$${HASH32}`, 'the $scrypt hash is corrupt'],
    [`$scrypt$n=16384,ln=14,r=8,p=1$${SALT}$${HASH32}`, 'the $scrypt hash is corrupt'],
    [`$scrypt$v=1$n=16384,r=8,p=1$${SALT}$${HASH32}`, 'the $scrypt hash is corrupt'],
    [`$scrypt$n=16384,r=8,p=1$${SALT}$${HASH32.slice(1)}B`, 'the $scrypt hash is corrupt'],
    [`$scrypt$n=16384,r=8,p=1$${SALT}$${long}`, 'the $scrypt hash is corrupt'],
    [`$pbkdf2-sha256$i=20000001$${SALT}$${HASH32}`, 'the $pbkdf2-sha256 hash is corrupt'],
    [`$pbkdf2-sha256$i=6000000$${SALT}$${'A'.repeat(170)}`, 'the $pbkdf2-sha256 hash is corrupt'],
    [`$pbkdf2-sha256$i=0$${SALT}$${HASH32}`, 'the $pbkdf2-sha256 hash is corrupt'],
    [`$pbkdf2-sha256$i=1000,l=64$${SALT}$${HASH32}`, 'the $pbkdf2-sha256 hash is corrupt'],
    [`$pbkdf2-sha256$1000$$${HASH32}`, 'the $pbkdf2-sha256 hash is corrupt'],
    [`$pbkdf2-sha512$1000$${SALT}$${HASH32}=`, 'the $pbkdf2-sha512 hash is corrupt'],
    [`$pbkdf2$99999999999$${SALT}$${HASH32}`, 'the $pbkdf2 hash is corrupt'],
    [`$pbkdf2-md5$1000$${SALT}$${HASH32}`, 'the hash has no known algorithm'],
    [`$${'$'.repeat(100_000)}`, 'the hash has no known algorithm'],
    [`$argon2id$${'m=1,'.repeat(100_000)}`, 'the $argon2id hash is corrupt']
  ] as const) {
    t.match(readPassword(encoded), { hash: null, reason }, encoded.slice(0, 60))
  }
})

t.test('a hash that is cut off is no error', async (t) => {
  for (const { encoded } of FILES.flatMap((vectors) => vectors.slice(0, 6))) {
    t.doesNotThrow(() => { for (let length = 0; length < encoded.length; length++) readPassword(encoded.slice(0, length)) }, settings(encoded))
  }
})

t.test("a bare bcrypt hash is of the password itself, Django's bcrypt_sha256 of its digest", async (t) => {
  const digest = createHash('sha256').update('secret').digest('hex')
  const [ofPassword, ofDigest] = [bcrypt.hashSync('secret', 4), bcrypt.hashSync(digest, 4)]
  for (const [encoded, opens] of [
    [ofPassword, true],
    [`bcrypt$${ofPassword}`, true],
    [`bcrypt_sha256$${ofPassword}`, false],
    [ofDigest, false],
    [`bcrypt$${ofDigest}`, false],
    [`bcrypt_sha256$${ofDigest}`, true]
  ] as const) t.equal(readPassword(encoded).hash?.verify('secret'), opens, encoded.slice(0, 16))
})

t.test('the letter after $2 makes no difference, in either spelling, however long the password', async (t) => {
  const password = Array.from({ length: 300 }, (_, index) => String.fromCharCode(65 + index % 50)).join('')
  const encoded = bcrypt.hashSync(password, 4)
  for (const letter of ['a', 'b', 'y']) {
    for (const prefix of ['', 'bcrypt$']) {
      const { hash } = readPassword(`${prefix}${encoded.replace('$2b$', `$2${letter}$`)}`)
      t.equal(hash?.verify(password), true, letter)
      t.equal(hash?.verify(password.slice(0, 44)), false)
    }
  }
})

t.test('a password with a NUL opens no bcrypt hash, although to bcrypt it may be the same', async (t) => {
  const { hash } = readPassword(bcrypt.hashSync('a', 4))
  t.equal(bcrypt.compareSync('a\0a', bcrypt.hashSync('a', 4)), true)
  t.equal(hash?.verify('a\0a'), false)
  t.equal(hash?.verify('a\0'), false)
  t.equal(hash?.verify('a'), true)
})

t.test('hashes that cost the same are of one form, whoever wrote them', async (t) => {
  const formOf = (encoded: string) => readPassword(encoded).hash?.form
  const crypt = 'KU4oZxUy5vH9/4ukNzn3D.vZgxLoxGH3vxq7V6vDLnkvryNZ1Jcn.'
  const hash64 = 'A'.repeat(86)
  for (const [form, ...encodings] of [
    ['bcrypt$10', `$2y$10$${crypt}`, `bcrypt$$2b$10$${crypt}`, `$bcrypt$v=98$r=10$${'A'.repeat(22)}$${'A'.repeat(31)}`],
    ['argon2$argon2id$m=1024,t=2,p=1', `$argon2id$v=19$m=1024,t=2,p=1$${SALT}$${HASH32}`, `argon2$argon2id$v=19$m=1024,t=2,p=1$${SALT}$${HASH32}`, `$argon2id$t=2,p=1,m=1024$${SALT}$${HASH32}`],
    ['scrypt$16384$8$1', `$scrypt$n=16384,r=8,p=1$${SALT}$${hash64}`, `$scrypt$ln=14,r=8,p=1$${SALT}$${HASH32}`, `scrypt$16384$salt$8$1$${hash64}==`],
    ['pbkdf2_sha256$1000', `$pbkdf2-sha256$1000$${SALT}$${HASH32}`, `$pbkdf2-sha256$i=1000$${SALT}$${HASH32}`, `$pbkdf2-sha256$i=1000,l=32$${SALT}$${HASH32}`, `pbkdf2_sha256$1000$salt$${HASH32}=`, `$pbkdf2-sha256$500$${SALT}$${hash64}`]
  ] as const) for (const encoded of encodings) t.equal(formOf(encoded), form, settings(encoded))
})

t.test('a bare hash is as strong as its algorithm', async (t) => {
  const weakerThan = (encoded: string) => {
    const read = readPassword(encoded)
    return Object.entries(HASHERS).filter(([, hasher]) => read.hash !== null && read.weakerThan(hasher)).map(([name]) => name)
  }
  const find = (start: string) => VECTORS.find(({ encoded }) => encoded.startsWith(start))?.encoded ?? ''
  for (const [start, hashers] of [
    ['$pbkdf2$', ['argon2', 'scrypt', 'bcrypt_sha256', 'pbkdf2_sha256']],
    ['$pbkdf2-sha256$', ['argon2', 'scrypt', 'bcrypt_sha256', 'pbkdf2_sha256']],
    ['$pbkdf2-sha512$', ['argon2', 'scrypt', 'bcrypt_sha256']],
    ['$2y$12$', ['argon2', 'scrypt', 'bcrypt_sha256']],
    ['$scrypt$n=16384,r=8,p=1$', ['argon2', 'scrypt']],
    ['$scrypt$ln=16,r=8,p=1$', ['argon2', 'scrypt']],
    ['$argon2i$', ['argon2']],
    ['$argon2id$v=19$m=1024,', ['argon2']],
    ['$argon2id$v=19$m=65536,t=4,p=1$', []]
  ] as const) t.same(weakerThan(find(start)), hashers, start)
})
