import { scryptSync, timingSafeEqual } from 'node:crypto'
import { decodeBase64, generateSalt, type Hasher } from './encoding.js'

const ENCODING = /^scrypt\$(\d{1,8})\$([^$]+)\$(\d{1,4})\$(\d{1,4})\$([A-Za-z0-9+/=]+)$/
const LENGTH = 64
const MAX_MEMORY = 1024 ** 3

const NEW = { N: 2 ** 14, r: 8, p: 5 }

const memory = (N: number, r: number, p: number) => 128 * r * (N + p + 2)

/** Django's scrypt: `scrypt$<N>$<salt>$<r>$<p>$<base64>`; new ones with the parameters of Django 5.1. */
export const scryptHasher: Hasher = {
  rank: 4,
  cost: NEW.N * NEW.r * NEW.p,
  encode (password) {
    const { N, r, p } = NEW
    const salt = generateSalt()
    const hash = scryptSync(password, salt, LENGTH, { N, r, p, maxmem: memory(N, r, p) })
    return `scrypt$${N}$${salt}$${r}$${p}$${hash.toString('base64')}`
  },
  parse (encoded) {
    const [, n, salt, blockSize, parallelization, base64] = ENCODING.exec(encoded) ?? []
    if (salt === undefined || base64 === undefined) return null
    const [N, r, p] = [Number(n), Number(blockSize), Number(parallelization)]
    const hash = decodeBase64(base64, LENGTH)
    const isPowerOfTwo = N > 1 && (N & (N - 1)) === 0
    if (hash === null || !isPowerOfTwo || r < 1 || p < 1 || p > 64 || memory(N, r, p) > MAX_MEMORY) return null
    return {
      form: `scrypt$${N}$${r}$${p}`,
      cost: N * r * p,
      verify: (password) => timingSafeEqual(scryptSync(password, salt, LENGTH, { N, r, p, maxmem: memory(N, r, p) }), hash)
    }
  }
}
