import { hashSync, verifySync } from '@node-rs/argon2'
import type { Hasher } from './hasher.js'
import { readPhc } from './phc-string.js'

const PREFIX = 'argon2$'
const MAX_MEMORY_KIB = 1024 ** 2
const MAX_PASSES = 999
const MAX_LANES = 255
const MIN_SALT_BYTES = 8
// A string without a version is of 1.0, which is 16.
const VERSIONS = [null, 16, 19]
// The package's default algorithm is argon2id.
const OWASP = { memoryCost: 19456, timeCost: 2, parallelism: 1 }

/**
 * Argon2 in PHC's format, `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, as PHP and node's packages write it, and with `argon2`
 * before it as Django does; new ones Django's, with OWASP's first parameters.
 */
const createArgon2 = (ids: string[], rank: number): Hasher => ({
  rank,
  cost: OWASP.memoryCost * OWASP.timeCost,
  encode: (password) => `argon2${hashSync(password, OWASP)}`,
  parse (encoded) {
    const string = encoded.startsWith(PREFIX) ? encoded.slice(PREFIX.length - 1) : encoded
    const phc = readPhc(string, ['m', 't', 'p'])
    if (phc === null || !ids.includes(phc.id) || !VERSIONS.includes(phc.version) || phc.salt.length < MIN_SALT_BYTES) return null
    const { m: memory, t: passes, p: lanes } = phc.parameters
    if (memory > MAX_MEMORY_KIB || memory < 8 * lanes || passes < 1 || passes > MAX_PASSES || lanes < 1 || lanes > MAX_LANES) return null
    return {
      form: `argon2$${phc.id}$m=${memory},t=${passes},p=${lanes}`,
      cost: memory * passes,
      verify: (password) => verifySync(string, password)
    }
  }
})

export const argon2id = createArgon2(['argon2id'], 7)
/** The two older variants, which are read only: what is new is argon2id. */
export const argon2Legacy = createArgon2(['argon2i', 'argon2d'], 6)
