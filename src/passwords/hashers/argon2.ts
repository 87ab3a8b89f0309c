import { hashSync, verifySync } from '@node-rs/argon2'
import type { Hasher } from './hasher.js'
import { readPhc } from './phc-string.js'

const PREFIX = 'argon2$'
const MAX_MEMORY_KIB = 1024 ** 2
const MAX_PASSES = 999
const MAX_LANES = 255
const MIN_SALT_BYTES = 8
// Argon2 1.0, which a string without a version is of too, and 1.3.
const VERSIONS = [null, 16, 19]
// OWASP's first parameters. The package's default algorithm is argon2id.
const OWASP = { memoryCost: 19456, timeCost: 2, parallelism: 1 }

/** Argon2 in PHC's format, as PHP and node's packages write it, and with `argon2` before it as Django does. */
const createArgon2 = (ids: string[], rank: number): Hasher => ({
  rank,
  cost: OWASP.memoryCost * OWASP.timeCost,
  encode: (password) => `argon2${hashSync(password, OWASP)}`,
  parse (encoded) {
    const string = encoded.startsWith(PREFIX) ? encoded.slice(PREFIX.length - 1) : encoded
    const phc = readPhc(string, ['m', 't', 'p'])
    if (phc === null || !ids.includes(phc.id) || !VERSIONS.includes(phc.version) || phc.salt.length < MIN_SALT_BYTES) return null
    const { m: memory, t: passes, p: lanes } = phc.parameters
    if (lanes < 1 || lanes > MAX_LANES || memory < 8 * lanes || memory > MAX_MEMORY_KIB) return null
    if (passes < 1 || passes > MAX_PASSES) return null
    return {
      form: `argon2$${phc.id}$m=${memory},t=${passes},p=${lanes}`,
      cost: memory * passes,
      verify: (password) => verifySync(string, password)
    }
  }
})

export const argon2id = createArgon2(['argon2id'], 7)
/** The two older variants, which are only read. */
export const argon2Legacy = createArgon2(['argon2i', 'argon2d'], 6)
