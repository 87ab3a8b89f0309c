import { randomBytes } from 'node:crypto'
import type { PasswordOptions } from '../../options/password-options.js'
import { argon2id, argon2Legacy } from './argon2.js'
import { bcryptPlain, bcryptSha256 } from './bcrypt.js'
import type { Hasher, StoredHash } from './encoding.js'
import { pbkdf2Sha1, pbkdf2Sha256, pbkdf2Sha512 } from './pbkdf2.js'
import { scryptHasher } from './scrypt.js'

/** The algorithms that new passwords can be hashed with, by Django's names. */
export const HASHERS = {
  argon2: argon2id,
  scrypt: scryptHasher,
  bcrypt_sha256: bcryptSha256,
  pbkdf2_sha256: pbkdf2Sha256
} satisfies Record<NonNullable<PasswordOptions['hasher']>, Hasher>

/** The name of one of them. */
export type HasherName = keyof typeof HASHERS

const READABLE = new Map<string, Hasher[]>([
  // As Django writes them.
  ['argon2', [argon2id, argon2Legacy]],
  ['scrypt', [scryptHasher]],
  ['bcrypt_sha256', [bcryptSha256]],
  ['bcrypt', [bcryptPlain]],
  ['pbkdf2_sha256', [pbkdf2Sha256]],
  ['pbkdf2_sha1', [pbkdf2Sha1]],
  // As others do: crypt's forms and PHC's, which begin with `$`.
  ['$argon2id', [argon2id]],
  ['$argon2i', [argon2Legacy]],
  ['$argon2d', [argon2Legacy]],
  ['$scrypt', [scryptHasher]],
  ['$2a', [bcryptPlain]],
  ['$2b', [bcryptPlain]],
  ['$2y', [bcryptPlain]],
  ['$bcrypt', [bcryptPlain]],
  ['$pbkdf2', [pbkdf2Sha1]],
  ['$pbkdf2-sha1', [pbkdf2Sha1]],
  ['$pbkdf2-sha256', [pbkdf2Sha256]],
  ['$pbkdf2-sha512', [pbkdf2Sha512]]
])

const UNSUPPORTED = ['md5', 'sha1', 'crypt', 'unsalted_md5', 'unsalted_sha1']
// crypt's mark for hashes of a bcrypt that read letters beyond ASCII wrongly: other passwords match them too.
const BROKEN = '$2x'

/** A stored password, understood, or the reason why nobody can log in with it. */
export type ReadPassword = { hash: StoredHash, weakerThan: (hasher: Hasher) => boolean } | { hash: null, reason: string }

/**
 * Reads what stands in the column `password`. Never fails, whatever stands there.
 * @param encoded a hash in Django's encoding, or as PHP (Laravel), Ruby (Devise), AdonisJS, node's packages and passlib write it
 */
export function readPassword (encoded: string): ReadPassword {
  if (encoded === '') return { hash: null, reason: 'the password is empty' }
  if (encoded.startsWith('!')) return { hash: null, reason: 'the password is unusable' }
  const [algorithm = ''] = /^\$?[^$]*(?=\$)/.exec(encoded) ?? []
  for (const hasher of READABLE.get(algorithm) ?? []) {
    const hash = hasher.parse(encoded)
    if (hash !== null) return { hash, weakerThan: (other: Hasher) => isWeaker(hasher, hash, other) }
  }
  if (READABLE.has(algorithm)) return { hash: null, reason: `the ${algorithm} hash is corrupt` }
  if (UNSUPPORTED.includes(algorithm)) return { hash: null, reason: `${algorithm} hashes are too weak to be accepted; the user needs a new password` }
  if (algorithm === BROKEN) return { hash: null, reason: '$2x$ hashes were made by a bcrypt that was wrong; the user needs a new password' }
  return { hash: null, reason: 'the hash has no known algorithm' }
}

function isWeaker (hasher: Hasher, hash: StoredHash, other: Hasher): boolean {
  return hasher.rank < other.rank || (hasher === other && hash.cost < other.cost)
}

/** An encoded password that no password matches, as Django's `set_unusable_password`. */
export const unusablePassword = (): string => `!${randomBytes(30).toString('base64url')}`
