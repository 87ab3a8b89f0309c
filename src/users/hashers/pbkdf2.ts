import { pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import { decodeBase64, generateSalt, type Hasher } from './encoding.js'

const MAX_ITERATIONS = 20_000_000

/**
 * Django's PBKDF2: `<algorithm>$<iterations>$<salt>$<base64>`.
 * @param algorithm the name in the encoding
 * @param iterations of new hashes; Django's newest long-term release (5.2) makes 1,000,000
 */
function createPbkdf2 (algorithm: string, digest: string, length: number, rank: number, iterations = 1_000_000): Hasher {
  const encoding = new RegExp(`^${algorithm}\\$(\\d{1,8})\\$([^$]+)\\$([A-Za-z0-9+/=]+)$`)
  return {
    rank,
    cost: iterations,
    encode (password) {
      const salt = generateSalt()
      const hash = pbkdf2Sync(password, salt, iterations, length, digest)
      return `${algorithm}$${iterations}$${salt}$${hash.toString('base64')}`
    },
    parse (encoded) {
      const [, count, salt, base64] = encoding.exec(encoded) ?? []
      if (count === undefined || salt === undefined || base64 === undefined) return null
      const cost = Number(count)
      const hash = decodeBase64(base64, length)
      if (hash === null || cost < 1 || cost > MAX_ITERATIONS) return null
      return {
        form: `${algorithm}$${cost}`,
        cost,
        verify: (password) => timingSafeEqual(pbkdf2Sync(password, salt, cost, length, digest), hash)
      }
    }
  }
}

export const pbkdf2Sha256 = createPbkdf2('pbkdf2_sha256', 'sha256', 32, 1)
export const pbkdf2Sha1 = createPbkdf2('pbkdf2_sha1', 'sha1', 20, 0)
