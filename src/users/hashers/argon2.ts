import { hashSync, verifySync } from '@node-rs/argon2'
import type { Hasher } from './encoding.js'

const ENCODING = /^argon2(\$argon2(id|i|d)(?:\$v=\d+)?\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,})$/
const MAX_MEMORY_KIB = 1024 ** 2
// The package's default algorithm is argon2id.
const OWASP = { memoryCost: 19456, timeCost: 2, parallelism: 1 }

/** Django's Argon2: `argon2$argon2id$v=19$m=…,t=…,p=…$salt$hash`; new ones with OWASP's first parameters. */
const createArgon2 = (types: string[], rank: number): Hasher => ({
  rank,
  cost: OWASP.memoryCost * OWASP.timeCost,
  encode: (password) => `argon2${hashSync(password, OWASP)}`,
  parse (encoded) {
    const [, phc, type, m, t, p] = ENCODING.exec(encoded) ?? []
    if (phc === undefined || type === undefined || !types.includes(type)) return null
    const [memory, time, lanes] = [Number(m), Number(t), Number(p)]
    if (memory > MAX_MEMORY_KIB || memory < 8 * lanes || time < 1 || lanes < 1) return null
    return {
      form: `argon2$argon2${type}$m=${memory},t=${time},p=${lanes}`,
      cost: memory * time,
      verify: (password) => verifySync(phc, password)
    }
  }
})

export const argon2id = createArgon2(['id'], 6)
/** The two older variants, which are read only: what is new is argon2id. */
export const argon2Legacy = createArgon2(['i', 'd'], 5)
