import { randomBytes } from 'node:crypto'
import type { PasswordOptions } from '../../options/password-options.js'
import { argon2id, argon2Legacy } from './argon2.js'
import { bcryptPlain, bcryptSha256 } from './bcrypt.js'
import type { Hasher, StoredHash } from './hasher.js'
import { pbkdf2Sha1, pbkdf2Sha256, pbkdf2Sha512 } from './pbkdf2.js'
import { scryptHasher } from './scrypt.js'

/** The algorithms that new passwords can be hashed with, by Django's names. */
export const HASHERS = {
  argon2: argon2id,
  scrypt: scryptHasher,
  bcrypt_sha256: bcryptSha256,
  pbkdf2_sha256: pbkdf2Sha256
} satisfies Record<NonNullable<PasswordOptions['hasher']>, Hasher>

export type HasherName = keyof typeof HASHERS

// What stands before the first $ of a value: Django's names, and those of crypt and PHC, which begin with one.
const READERS: Array<{ hasher: Hasher, names: string[] }> = [
  { hasher: argon2id, names: ['argon2', '$argon2id'] },
  { hasher: argon2Legacy, names: ['argon2', '$argon2i', '$argon2d'] },
  { hasher: scryptHasher, names: ['scrypt', '$scrypt'] },
  { hasher: bcryptSha256, names: ['bcrypt_sha256'] },
  { hasher: bcryptPlain, names: ['bcrypt', '$2a', '$2b', '$2y', '$bcrypt'] },
  { hasher: pbkdf2Sha1, names: ['pbkdf2_sha1', '$pbkdf2', '$pbkdf2-sha1'] },
  { hasher: pbkdf2Sha256, names: ['pbkdf2_sha256', '$pbkdf2-sha256'] },
  { hasher: pbkdf2Sha512, names: ['$pbkdf2-sha512'] }
]

const TOO_WEAK = ['md5', 'sha1', 'crypt', 'unsalted_md5', 'unsalted_sha1']

/** A stored password, understood, or the reason why nobody can log in with it. */
export type ReadPassword = { hash: StoredHash, weakerThan: (hasher: Hasher) => boolean } | { hash: null, reason: string }

/** Reads a column of passwords, as Django, Laravel (PHP), Devise (Ruby), AdonisJS, node's packages and passlib write it. Never fails. */
export function readPassword (encoded: string): ReadPassword {
  if (encoded === '') return { hash: null, reason: 'the password is empty' }
  if (encoded.startsWith('!')) return { hash: null, reason: 'the password is unusable' }
  const [algorithm = ''] = /^\$?[^$]*(?=\$)/.exec(encoded) ?? []
  const readers = READERS.filter(({ names }) => names.includes(algorithm))
  for (const { hasher } of readers) {
    const hash = hasher.parse(encoded)
    if (hash !== null) return { hash, weakerThan: (other: Hasher) => isWeaker(hasher, hash, other) }
  }
  return { hash: null, reason: readers.length > 0 ? `the ${algorithm} hash is corrupt` : reasonAgainst(algorithm) }
}

/** An encoded password that no password matches, as Django's `set_unusable_password`. */
export const unusablePassword = (): string => `!${randomBytes(30).toString('base64url')}`

function isWeaker (hasher: Hasher, hash: StoredHash, other: Hasher): boolean {
  return hasher.rank < other.rank || (hasher === other && hash.cost < other.cost)
}

function reasonAgainst (algorithm: string): string {
  if (TOO_WEAK.includes(algorithm)) return `${algorithm} hashes are too weak to be accepted; the user needs a new password`
  // crypt's mark for what a bcrypt made that read letters beyond ASCII wrongly: other passwords match it too.
  if (algorithm === '$2x') return '$2x$ hashes were made by a bcrypt that was wrong; the user needs a new password'
  return 'the hash has no known algorithm'
}
