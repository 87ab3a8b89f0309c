import { createHash } from 'node:crypto'
import bcrypt from 'bcrypt'
import type { Hasher } from './encoding.js'

const ENCODING = /^(?:bcrypt|bcrypt_sha256)\$(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53})$/
const ROUNDS = 12
const MAX_ROUNDS = 18

/**
 * Django's bcrypt: `<algorithm>$$2b$<rounds>$<salt and hash>`.
 * @param prepare what of the password is hashed; bcrypt itself reads no more than 72 bytes
 */
const createBcrypt = (algorithm: string, rank: number, prepare: (password: string) => string): Hasher => ({
  rank,
  cost: ROUNDS,
  encode: (password) => `${algorithm}$${bcrypt.hashSync(prepare(password), ROUNDS)}`,
  parse (encoded) {
    const [, hash, rounds] = ENCODING.exec(encoded) ?? []
    if (hash === undefined || Number(rounds) < 4 || Number(rounds) > MAX_ROUNDS) return null
    return {
      form: `${algorithm}$${rounds}`,
      cost: Number(rounds),
      verify: (password) => bcrypt.compareSync(prepare(password), hash)
    }
  }
})

export const bcryptPlain = createBcrypt('bcrypt', 2, (password) => password)
export const bcryptSha256 = createBcrypt('bcrypt_sha256', 3, (password) => createHash('sha256').update(password).digest('hex'))
