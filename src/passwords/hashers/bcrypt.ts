import { createHash, timingSafeEqual } from 'node:crypto'
import bcrypt from 'bcrypt'
import type { Hasher } from './hasher.js'
import { readPhc } from './phc-string.js'

const BARE = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/
const ROUNDS = 12
const MIN_ROUNDS = 4
const MAX_ROUNDS = 18

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const BCRYPT64 = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/**
 * bcrypt as Django writes it: `<algorithm>$$2b$<rounds>$<salt and hash>`.
 * @param prepare what of the password is hashed; bcrypt itself reads no more than 72 bytes
 * @param respell how the algorithm's hashes are read that have no such prefix: their bare form
 */
const createBcrypt = (algorithm: string, rank: number, prepare: (password: string) => string, respell: (encoded: string) => string): Hasher => ({
  rank,
  cost: ROUNDS,
  encode: (password) => `${algorithm}$${bcrypt.hashSync(prepare(password), ROUNDS)}`,
  parse (encoded) {
    const bare = encoded.startsWith(`${algorithm}$`) ? encoded.slice(algorithm.length + 1) : respell(encoded)
    const [, rounds, salt, hash] = BARE.exec(bare) ?? []
    if (hash === undefined || Number(rounds) < MIN_ROUNDS || Number(rounds) > MAX_ROUNDS) return null
    return {
      form: `${algorithm}$${rounds}`,
      cost: Number(rounds),
      verify: (password) => compare(prepare(password), `$2b$${rounds}$${salt}`, hash)
    }
  }
})

/**
 * `settings` say `$2b$` whatever was stored: it is the same algorithm, but the package refuses `$2y$`, and takes a length
 * modulo 256 under `$2a$`. bcrypt hashes the password with a NUL behind it, over and over, so that `a` and `a`, NUL, `a` are
 * one to it: what has a NUL matches nothing, after the same time.
 */
function compare (password: string, settings: string, hash: string): boolean {
  const computed = bcrypt.hashSync(password, settings).slice(settings.length)
  return timingSafeEqual(Buffer.from(computed), Buffer.from(hash)) && !password.includes('\0')
}

/**
 * AdonisJS's `$bcrypt$v=98$r=<rounds>$salt$hash` as a bare hash; `v` is the letter's code.
 * @returns anything else as it is
 */
function bareForm (encoded: string): string {
  const phc = readPhc(encoded, ['r'])
  if (phc?.id !== 'bcrypt' || (phc.version !== 97 && phc.version !== 98)) return encoded
  return `$2b$${String(phc.parameters.r).padStart(2, '0')}$${bcrypt64(phc.salt)}${bcrypt64(phc.hash)}`
}

/** Both base64s cut bytes alike, and differ in their letters alone. */
const bcrypt64 = (bytes: Buffer): string =>
  bytes.toString('base64').replaceAll('=', '').replace(/./g, (letter) => BCRYPT64.charAt(BASE64.indexOf(letter)))

/** bcrypt of the password itself. What Devise's `pepper` was added to can't be read: it is not in the column. */
export const bcryptPlain = createBcrypt('bcrypt', 3, (password) => password, bareForm)
export const bcryptSha256 = createBcrypt('bcrypt_sha256', 4, (password) => createHash('sha256').update(password).digest('hex'), () => '')
