import { createCipheriv } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openAuthtoken } from '../../../src/index.js'
import { checksum, createTokenFormat, digestOf, type RandomSource, generateDrfKey } from '../../../src/tokens/format.js'
import { databaseUrl, open } from '../../support/databases.js'
import { makeUser } from '../../support/users.js'
import { hostDatabase } from '../../support/sql.js'
import { until } from '../../support/until.js'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_LENGTH = 30
// Of chi-square with 61 degrees of freedom, at p = 0.001; and at p = 0.001 / 30, for 30 places that must all hold.
const CRITICAL = 100.9
const CRITICAL_OF_PLACES = 115.5

/** The same random bytes in each run: a keystream of AES in counter mode. */
function keystream (seed: number): RandomSource {
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, seed), Buffer.alloc(16))
  const zeros = Buffer.alloc(1 << 16)
  let block: Uint8Array = new Uint8Array()
  return (size) => {
    if (block.length < size) block = cipher.update(zeros)
    const bytes = block.subarray(0, size)
    block = block.subarray(size)
    return bytes
  }
}

/** How far counts are from even ones. */
function chiSquare (counts: Uint32Array): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

t.test("GitHub's published sample checks out, and so does the token in our documentation", async (t) => {
  t.equal(checksum('zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ'), '0mLq17')
  const format = createTokenFormat()
  t.equal(format.hasValidChecksum('fat_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17'), true)
  t.match(readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8'), `\`${format.pattern}\``, 'what is published is what is used')
})

t.test('a million tokens are all different, of the published form, and their characters equally likely', async (t) => {
  const format = createTokenFormat()
  const pattern = new RegExp(format.pattern)
  const random = keystream(1)
  const seen = new Set<string>()
  const places = Array.from({ length: RANDOM_LENGTH }, () => new Uint32Array(ALPHABET.length))
  const indexes = new Uint8Array(128)
  for (const [index, character] of [...ALPHABET].entries()) indexes[character.charCodeAt(0)] = index
  let misshapen = 0
  let unsound = 0
  for (let made = 0; made < 1_000_000; made++) {
    const token = format.generate(random)
    seen.add(token)
    if (token.length !== 40 || pattern.exec(token)?.[0] !== token) misshapen++
    if (made % 100 === 0 && !format.hasValidChecksum(token)) unsound++
    for (let place = 0; place < RANDOM_LENGTH; place++) (places[place] as Uint32Array)[indexes[token.charCodeAt(4 + place)] as number]!++
  }
  t.equal(seen.size, 1_000_000)
  t.same({ misshapen, unsound }, { misshapen: 0, unsound: 0 })
  const all = new Uint32Array(ALPHABET.length).map((_, index) => places.reduce((sum, counts) => sum + (counts[index] as number), 0))
  t.ok(chiSquare(all) < CRITICAL, `all places: ${chiSquare(all).toFixed(1)}`)
  const worst = Math.max(...places.map(chiSquare))
  t.ok(worst < CRITICAL_OF_PLACES, `the worst place: ${worst.toFixed(1)}`)
})

t.test('the same measure catches characters that are not equally likely', async (t) => {
  const counts = new Uint32Array(ALPHABET.length)
  for (const byte of keystream(1)(1 << 16)) counts[byte % ALPHABET.length]!++
  t.ok(chiSquare(counts) > CRITICAL, `byte % 62: ${chiSquare(counts).toFixed(1)}`)
})

// What else PostgreSQL is asked, now and then: whether its notices still come.
const OF_USERS_OR_TOKENS = /\b(auth_user|authtoken_token|authtoken_accesstoken)\b/

/** An open database on a connection whose queries for users and tokens are counted. */
async function counting (t: Test) {
  const url = await databaseUrl(t)
  await (await openAuthtoken({ database: url, migrate: true })).close()
  const queries: string[] = []
  const authtoken = await openAuthtoken({ database: hostDatabase(t, url, { logger: { logQuery: (query) => { if (OF_USERS_OR_TOKENS.test(query)) queries.push(query) } } }) })
  t.teardown(() => authtoken.close())
  const { authenticator } = authtoken
  // What is under way when the first change can be told is asked for again.
  await authenticator.authenticate('nobody')
  await until(() => authenticator.statistics.watch === 'live')
  const ask = async (key: string) => {
    const before = queries.length
    const identity = await authenticator.authenticate(key)
    return { user: identity?.user.username ?? null, queries: queries.length - before }
  }
  return { authtoken, ask }
}

t.test('a key costs one query, whatever it is', async (t) => {
  const { authtoken, ask } = await counting(t)
  const { user, token: drf } = await makeUser(authtoken, 'ann')
  const { key } = await authtoken.tokens.create(user)
  t.same(await ask(key), { user: 'ann', queries: 1 })
  t.same(await ask(drf.key), { user: 'ann', queries: 1 })
  t.same(await ask(generateDrfKey()), { user: null, queries: 1 })
  t.same(await ask('x'), { user: null, queries: 1 })
  t.same(await ask(createTokenFormat().generate()), { user: null, queries: 1 }, 'well made, and unknown')
})

t.test('one wrong character at any place is refused without a query', async (t) => {
  const { authtoken, ask } = await counting(t)
  const { user } = await makeUser(authtoken, 'ann')
  const { key } = await authtoken.tokens.create(user)
  const found = []
  for (let place = 4; place < key.length; place++) {
    for (const character of [...ALPHABET, '_', '-', 'é', ' ', '\0']) {
      if (character === key[place]) continue
      const { user, queries } = await ask(key.slice(0, place) + character + key.slice(place + 1))
      if (user !== null || queries !== 0) found.push({ place, character, user, queries })
    }
  }
  t.same(found, [])
  t.same(await ask(key), { user: 'ann', queries: 1 })
})

t.test('nothing but the token itself authenticates', async (t) => {
  const { authtoken, ask } = await counting(t)
  const { user, token: drf } = await makeUser(authtoken, 'ann')
  const { key, id, hint } = await authtoken.tokens.create(user)
  const body = key.slice('fat_'.length)
  for (const [name, wrong] of Object.entries({
    'its digest': digestOf(key),
    'its digest in capitals': digestOf(key).toUpperCase(),
    'the digest of its digest': digestOf(digestOf(key)),
    'its digest as a token': `fat_${digestOf(key)}`,
    'the digest of a DRF token': digestOf(drf.key),
    'a DRF token in capitals': drf.key.toUpperCase(),
    'its id': id,
    'its hint': hint ?? '',
    'without its prefix': body,
    'another prefix': `gat_${body}`,
    'two prefixes': `fat_${key}`,
    'its prefix in capitals': `FAT_${body}`,
    'one capital in its prefix': `Fat_${body}`,
    'all in capitals': key.toUpperCase(),
    'all in small letters': key.toLowerCase(),
    'one more at the end': `${key}0`,
    'one more at the beginning': `0${key}`,
    'one less': key.slice(0, -1),
    'without its checksum': key.slice(0, -6),
    'a line feed behind it': `${key}\n`,
    'its prefix alone': 'fat_',
    nothing: ''
  })) {
    if (wrong === key) continue
    const { user, queries } = await ask(wrong)
    t.equal(user, null, name)
    t.ok(queries <= 1, `${name}: ${queries} queries`)
    if (wrong.startsWith('fat_')) t.equal(queries, 0, `${name} is found out without asking`)
  }
})

t.test('tokens go on after the prefix was changed, and after it was changed back', async (t) => {
  const url = await databaseUrl(t)
  const first = await open(t, { database: url })
  const { user, token: drf } = await makeUser(first, 'ann')
  const old = await first.tokens.create(user)
  const second = await open(t, { database: url, tokens: { prefix: 'acme1' } })
  const fresh = await second.tokens.create(user)
  t.match(fresh, { key: /^acme1_[0-9A-Za-z]{36}$/, hint: fresh.key.slice(6, 10) })
  for (const [name, { authenticator }] of Object.entries({ first, second })) {
    for (const { key, id } of [old, fresh, drf]) t.match(await authenticator.authenticate(key), { user: { username: 'ann' }, token: { id } }, `${key.slice(0, 4)}… with the ${name} prefix`)
    t.equal(await authenticator.authenticate(`acme1_${old.key.slice(4)}`), null, 'a prefix is not exchanged for another')
    t.equal(await authenticator.authenticate(`fat_${fresh.key.slice(6)}`), null)
  }
})
