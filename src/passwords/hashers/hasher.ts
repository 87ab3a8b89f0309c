import { randomInt } from 'node:crypto'

/** A stored hash that was understood. All of it, as of a hasher, is computed on the calling thread. */
export interface StoredHash {
  /** Algorithm and cost without salt and hash, as `pbkdf2_sha256$260000`: hashes of one form take the same time. */
  form: string
  /** Cost within the algorithm: the higher, the stronger. */
  cost: number
  verify (password: string): boolean
}

/** An algorithm: writes hashes as Django does, and reads those of others too. */
export interface Hasher {
  /** Strength among the algorithms: the higher, the stronger. */
  rank: number
  /** Of new hashes, on the scale of `StoredHash.cost`. */
  cost: number
  encode (password: string): string
  /** Reads a hash of this algorithm in any spelling; null where it is corrupt, or its cost beyond all reason. */
  parse (encoded: string): StoredHash | null
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const SALT_LENGTH = 22

/** A salt as Django's hashers make it: 22 letters and digits, over 128 bits. */
export const generateSalt = (): string =>
  Array.from({ length: SALT_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')

/** Reads base64 of exactly that many bytes; null for anything else. */
export function decodeBase64 (text: string, bytes: number): Buffer | null {
  const buffer = Buffer.from(text, 'base64')
  return buffer.length === bytes && buffer.toString('base64') === text ? buffer : null
}
