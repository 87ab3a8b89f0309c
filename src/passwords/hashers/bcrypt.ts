import { createHash, timingSafeEqual } from 'node:crypto'
import bcrypt from 'bcrypt'
import type { Hasher } from './hasher.js'
import { readPhc } from './phc-string.js'

const CRYPT = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/
const ROUNDS = 12
const MIN_ROUNDS = 4
const MAX_ROUNDS = 18

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const BCRYPT64 = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

type Convert = (text: string) => string

/**
 * bcrypt as Django writes it: `<algorithm>$$2b$<rounds>$<salt and hash>`.
 * @param prepare what of the password is hashed; bcrypt itself reads no more than 72 bytes
 * @param toCrypt turns what has no such prefix into crypt's form, `$2b$…`
 */
function createBcrypt (algorithm: string, rank: number, prepare: Convert, toCrypt: Convert): Hasher {
  return {
    rank,
    cost: ROUNDS,
    encode: (password) => `${algorithm}$${bcrypt.hashSync(prepare(password), ROUNDS)}`,
    parse (encoded) {
      const crypt = encoded.startsWith(`${algorithm}$`) ? encoded.slice(algorithm.length + 1) : toCrypt(encoded)
      const [, rounds, salt, hash] = CRYPT.exec(crypt) ?? []
      if (hash === undefined || Number(rounds) < MIN_ROUNDS || Number(rounds) > MAX_ROUNDS) return null
      return {
        form: `${algorithm}$${rounds}`,
        cost: Number(rounds),
        // Always $2b$, which is the same algorithm: the package refuses $2y$, and under $2a$ cuts lengths to 8 bits.
        verify: (password) => compare(prepare(password), `$2b$${rounds}$${salt}`, hash)
      }
    }
  }
}

function compare (password: string, settings: string, hash: string): boolean {
  const computed = bcrypt.hashSync(password, settings).slice(settings.length)
  // bcrypt repeats the password with a NUL between: `a` and `a`, NUL, `a` are one to it. So what has a NUL matches nothing.
  return timingSafeEqual(Buffer.from(computed), Buffer.from(hash)) && !password.includes('\0')
}

/** AdonisJS's `$bcrypt$v=98$r=<rounds>$salt$hash` in crypt's form (`v` is the code of the letter); anything else as it is. */
function adonisToCrypt (encoded: string): string {
  const phc = readPhc(encoded, ['r'])
  if (phc?.id !== 'bcrypt' || (phc.version !== 97 && phc.version !== 98)) return encoded
  return `$2b$${String(phc.parameters.r).padStart(2, '0')}$${bcrypt64(phc.salt)}${bcrypt64(phc.hash)}`
}

const bcrypt64 = (bytes: Buffer): string =>
  bytes.toString('base64').replaceAll('=', '').replace(/./g, (letter) => BCRYPT64.charAt(BASE64.indexOf(letter)))

const sha256 = (password: string): string => createHash('sha256').update(password).digest('hex')

/** bcrypt of the password itself. With a pepper, as Devise's, it can't be read: that is not in the column. */
export const bcryptPlain = createBcrypt('bcrypt', 3, (password) => password, adonisToCrypt)
export const bcryptSha256 = createBcrypt('bcrypt_sha256', 4, sha256, () => '')
