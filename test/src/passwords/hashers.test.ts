import { readFileSync } from 'node:fs'
import { hashSync } from '@node-rs/argon2'
import t from 'tap'
import { HASHERS, readPassword, unusablePassword } from '../../../src/passwords/hashers/index.js'
import { fixture } from '../../support/fixtures.js'

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
