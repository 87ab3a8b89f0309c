import { pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import { decodeBase64, generateSalt, type Hasher } from './hasher.js'
import { readPhc } from './phc-string.js'

// As many as Django 5.2, its newest long-term release, makes.
const ITERATIONS = 1_000_000
const MAX_ITERATIONS = 20_000_000

interface Stored { iterations: number, salt: string | Buffer, hash: Buffer }

/**
 * PBKDF2 as Django writes it, `<algorithm>$<iterations>$<salt>$<base64>`, in PHC's format, and passlib's.
 * @param length of the digest, and of Django's hashes, in bytes
 */
function createPbkdf2 (algorithm: string, digest: string, length: number, rank: number): Hasher {
  const encoding = new RegExp(`^${algorithm}\\$(\\d{1,8})\\$([^$]+)\\$([A-Za-z0-9+/=]+)$`)

  function readDjango (encoded: string): Stored | null {
    const [, count, salt, base64] = encoding.exec(encoded) ?? []
    if (salt === undefined || base64 === undefined) return null
    const hash = decodeBase64(base64, length)
    return hash && { iterations: Number(count), salt, hash }
  }

  return {
    rank,
    cost: ITERATIONS,
    encode (password) {
      const salt = generateSalt()
      const hash = pbkdf2Sync(password, salt, ITERATIONS, length, digest)
      return `${algorithm}$${ITERATIONS}$${salt}$${hash.toString('base64')}`
    },
    parse (encoded) {
      const stored = encoded.startsWith('$') ? readOthers(encoded, `pbkdf2-${digest}`) : readDjango(encoded)
      if (stored === null) return null
      const { iterations: cost, salt, hash } = stored
      // Each further block takes as many iterations again; who guesses computes the first alone.
      const computed = cost * Math.ceil(hash.length / length)
      if (cost < 1 || computed > MAX_ITERATIONS) return null
      return {
        form: `${algorithm}$${computed}`,
        cost,
        verify: (password) => timingSafeEqual(pbkdf2Sync(password, salt, cost, hash.length, digest), hash)
      }
    }
  }
}

/** PHC's `$pbkdf2-sha256$i=<iterations>[,l=<length>]$salt$hash`, and passlib's, which has the bare number, and `.` for `+`. */
function readOthers (encoded: string, id: string): Stored | null {
  const string = encoded
    .replace(/^\$pbkdf2\$/, () => '$pbkdf2-sha1$')
    .replace(/^(\$[a-z0-9-]+\$)(\d+\$)/, (_, before: string, count: string) => `${before}i=${count}`)
    .replaceAll('.', '+')
  const sized = readPhc(string, ['i', 'l'])
  const phc = sized ?? readPhc(string, ['i'])
  if (phc?.id !== id || phc.version !== null || (sized !== null && sized.parameters.l !== sized.hash.length)) return null
  return { iterations: phc.parameters.i, salt: phc.salt, hash: phc.hash }
}

export const pbkdf2Sha1 = createPbkdf2('pbkdf2_sha1', 'sha1', 20, 0)
export const pbkdf2Sha256 = createPbkdf2('pbkdf2_sha256', 'sha256', 32, 1)
/** Not one of Django's: only read, in the forms of others. */
export const pbkdf2Sha512 = createPbkdf2('pbkdf2_sha512', 'sha512', 64, 2)
