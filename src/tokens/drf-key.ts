import { randomBytes } from 'node:crypto'

/** Makes the key of a DRF token: 20 random bytes as 40 hexadecimal characters, as DRF's `Token.generate_key`. */
export const generateKey = (): string => randomBytes(20).toString('hex')

const HINT_LENGTH = 4
const SHORTEST_WITH_HINT = 20

/**
 * The part of a key that may be shown, for a person to tell tokens apart.
 * @returns the first 4 characters, or null where the key is too short to give any away
 */
export const hintOf = (key: string): string | null => key.length < SHORTEST_WITH_HINT ? null : key.slice(0, HINT_LENGTH)
