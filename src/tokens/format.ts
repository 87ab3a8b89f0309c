import { hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { tokenOptions } from '../options/token-options.js'

export type RandomSource = (size: number) => Uint8Array

export type TokenFormat = ReturnType<typeof createTokenFormat>

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE = ALPHABET.length
// Bytes from here on would make the first characters of the alphabet more likely than the others.
const FAIR = 256 - 256 % BASE
const RANDOM_LENGTH = 30
const CHECKSUM_LENGTH = 6
const ID_LENGTH = 16
const HINT_LENGTH = 4
const SHORTEST_WITH_HINT = 20

/** Random characters of the alphabet 0-9A-Za-z, each as likely as the others. */
export function randomBase62 (length: number, random: RandomSource = randomBytes): string {
  let text = ''
  while (text.length < length) {
    for (const byte of random(length - text.length + 4)) {
      if (byte < FAIR && text.length < length) text += ALPHABET[byte % BASE]
    }
  }
  return text
}

/** A public id: 95 random bits, so that ids can't be guessed, and say nothing of how many there are. */
export const generateId = (): string => randomBase62(ID_LENGTH)

/** The checksum of an access token's random characters: CRC-32 as 6 base62 digits, as in GitHub's tokens. */
export function checksum (text: string): string {
  let digits = ''
  for (let rest = crc32(text); digits.length < CHECKSUM_LENGTH; rest = Math.floor(rest / BASE)) digits = ALPHABET[rest % BASE] + digits
  return digits
}

/** What is stored of a token: its SHA-256 in hexadecimal digits. A token is random enough to need no salt. */
export const digestOf = (key: string): string => hash('sha256', key)

/** Access tokens: a prefix, 30 random characters of base62, and their checksum. */
export function createTokenFormat (prefix = tokenOptions.properties.prefix.default) {
  const begin = `${prefix}_`
  const rest = `[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}`
  const shape = new RegExp(`^${begin}${rest}$`)

  return {
    /** For secret scanners. */
    pattern: `\\b${begin}${rest}\\b`,

    generate (random?: RandomSource): string {
      const text = randomBase62(RANDOM_LENGTH, random)
      return begin + text + checksum(text)
    },

    /** Whether a key claims to be an access token: then it is nothing else. */
    hasPrefix: (key: string): boolean => key.startsWith(begin),

    /** Whether it can be one. Junk is found out by the checksum, without asking anybody. */
    hasValidChecksum: (key: string): boolean =>
      shape.test(key) && checksum(key.slice(begin.length, -CHECKSUM_LENGTH)) === key.slice(-CHECKSUM_LENGTH),

    /** The part that may be shown. */
    hintOf: (key: string): string => key.slice(begin.length, begin.length + HINT_LENGTH)
  }
}

/** Makes the key of a DRF token: 20 random bytes as 40 hexadecimal characters, as DRF's `Token.generate_key`. */
export const generateDrfKey = (): string => randomBytes(20).toString('hex')

/** The part of a DRF token's key that may be shown: the first 4 characters; null where it is too short to give any away. */
export const drfHintOf = (key: string): string | null => key.length < SHORTEST_WITH_HINT ? null : key.slice(0, HINT_LENGTH)
