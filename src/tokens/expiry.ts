import { validationError } from '../errors.js'

/** How long access tokens live. All durations are in seconds; 0 means without end. */
export interface ExpiryOptions {
  /** Of a token that is made without `expiresIn`. @default 0 */
  expiresIn?: number
  /** Of a token of kind login that is made without `expiresIn`. @default 2592000 (30 days) */
  loginExpiresIn?: number
  /** The longest life of any token, from its creation on; the defaults above are cut to it. @default 0 */
  maxLife?: number
  /** Whether each use moves the expiry by the life that the token was made with, up to `maxLife`. @default false */
  sliding?: boolean
}

/** When a token ends. */
export interface Expiry {
  expires: Date | null
  /** The life that it was made with, in seconds; null: without end. */
  lifetime: number | null
  /** What no use moves the expiry beyond. */
  notAfter: Date | null
}

export type ExpiryPolicy = ReturnType<typeof createExpiryPolicy>

/** 100 years, in seconds: no date is that far off. */
export const MAX_DURATION = 3_155_760_000
const LOGIN_EXPIRES_IN = 2_592_000

/** Works out when tokens end. */
export function createExpiryPolicy (options: ExpiryOptions = {}) {
  const { expiresIn = 0, loginExpiresIn = LOGIN_EXPIRES_IN, maxLife = 0, sliding = false } = options
  return {
    sliding,

    /**
     * The expiry of a token that is made now.
     * @param wanted seconds; null: without end; undefined: the default of its kind
     * @param bound what it may not outlive: the expiry of the token that makes it
     * @throws ValidationError on `expires_in` where that is no life, or longer than it may be
     */
    ofNewToken (kind: 'access' | 'login', wanted: number | null | undefined, bound: Date | null, now: Date): Expiry {
      const left = bound === null ? Infinity : Math.floor((bound.getTime() - now.getTime()) / 1000)
      const longest = Math.min(maxLife || MAX_DURATION, left)
      if (wanted === null && (maxLife > 0 || bound !== null)) throw tooLong(longest)
      if (wanted != null && (!Number.isInteger(wanted) || wanted < 1 || wanted > longest)) throw tooLong(longest)
      const usual = (kind === 'login' ? loginExpiresIn : expiresIn) || Infinity
      const lifetime = wanted === undefined ? Math.min(usual, maxLife || Infinity, left) : wanted ?? Infinity
      return {
        expires: lifetime === Infinity ? null : secondsAfter(now, lifetime),
        lifetime: lifetime === Infinity ? null : lifetime,
        notAfter: earlierOf(maxLife === 0 ? null : secondsAfter(now, maxLife), bound)
      }
    },

    /** Where a use moves the expiry; null: it stays. */
    afterUse ({ lifetime, notAfter, expires }: Expiry, now: number): Date | null {
      if (!sliding || lifetime === null || expires === null) return null
      const moved = earlierOf(secondsAfter(new Date(now), lifetime), notAfter) as Date
      return moved > expires ? moved : null
    }
  }
}

const tooLong = (longest: number) => validationError({
  expires_in: [longest < 1 ? 'The token that makes this one has expired.' : `Enter a whole number from 1 to ${longest}.`]
})

const secondsAfter = (date: Date, seconds: number): Date => new Date(date.getTime() + seconds * 1000)

/** The earlier of two dates, where null is never. */
export const earlierOf = (a: Date | null, b: Date | null): Date | null => a === null ? b : b === null || a < b ? a : b
