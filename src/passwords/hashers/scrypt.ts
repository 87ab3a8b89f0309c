import { scryptSync, timingSafeEqual } from 'node:crypto'
import { decodeBase64, generateSalt, type Hasher } from './hasher.js'
import { readPhc } from './phc-string.js'

const ENCODING = /^scrypt\$(\d{1,8})\$([^$]+)\$(\d{1,4})\$(\d{1,4})\$([A-Za-z0-9+/=]+)$/
const LENGTH = 64
const MAX_MEMORY = 1024 ** 3
const MAX_PARALLELIZATION = 64
// Those of Django 5.1.
const NEW = { N: 2 ** 14, r: 8, p: 5 }

interface Stored { N: number, r: number, p: number, salt: string | Buffer, hash: Buffer }

const memory = (N: number, r: number, p: number) => 128 * r * (N + p + 2)

/** scrypt as Django writes it, `scrypt$<N>$<salt>$<r>$<p>$<base64>`, and in PHC's format. */
export const scryptHasher: Hasher = {
  rank: 5,
  cost: NEW.N * NEW.r * NEW.p,
  encode (password) {
    const { N, r, p } = NEW
    const salt = generateSalt()
    const hash = scryptSync(password, salt, LENGTH, { N, r, p, maxmem: memory(N, r, p) })
    return `scrypt$${N}$${salt}$${r}$${p}$${hash.toString('base64')}`
  },
  parse (encoded) {
    const stored = encoded.startsWith('$') ? readOthers(encoded) : readDjango(encoded)
    if (stored === null) return null
    const { N, r, p, salt, hash } = stored
    const isPowerOfTwo = N > 1 && (N & (N - 1)) === 0
    if (!isPowerOfTwo || r < 1 || p < 1 || p > MAX_PARALLELIZATION || memory(N, r, p) > MAX_MEMORY) return null
    return {
      form: `scrypt$${N}$${r}$${p}`,
      cost: N * r * p,
      verify: (password) => timingSafeEqual(scryptSync(password, salt, hash.length, { N, r, p, maxmem: memory(N, r, p) }), hash)
    }
  }
}

function readDjango (encoded: string): Stored | null {
  const [, N, salt, r, p, base64] = ENCODING.exec(encoded) ?? []
  if (salt === undefined || base64 === undefined) return null
  const hash = decodeBase64(base64, LENGTH)
  return hash && { N: Number(N), r: Number(r), p: Number(p), salt, hash }
}

/** PHC's `$scrypt$ln=14,r=8,p=1$salt$hash`, as passlib writes it, and AdonisJS's, which has `n=16384` instead. */
function readOthers (encoded: string): Stored | null {
  const phc = readPhc(encoded, ['ln', 'r', 'p']) ?? readPhc(encoded, ['n', 'r', 'p'])
  if (phc?.id !== 'scrypt' || phc.version !== null) return null
  const { r, p } = phc.parameters
  const N = 'ln' in phc.parameters ? 2 ** phc.parameters.ln : phc.parameters.n
  return { N, r, p, salt: phc.salt, hash: phc.hash }
}
