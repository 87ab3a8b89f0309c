import { validationError } from '../errors.js'
import { withDefaults } from '../options/option-groups.js'
import { MAX_DURATION, type TokenOptions, tokenOptions } from '../options/token-options.js'

/** When a token ends. */
export interface Expiry {
  expires: Date | null
  /** The life that it was made with, in seconds; null: without end. */
  lifetime: number | null
  /** What no use moves the expiry beyond. */
  notAfter: Date | null
}

export type ExpiryPolicy = ReturnType<typeof createExpiryPolicy>

/** Works out when tokens end. */
export function createExpiryPolicy (options: TokenOptions = {}) {
  const { expiresIn, loginExpiresIn, maxLife, sliding } = withDefaults(tokenOptions, options)
  return {
    sliding,

    /**
     * @param wanted seconds; null: without end; undefined: the default of its kind
     * @param bound what it may not outlive: the expiry of the token that makes it
     * @throws ValidationError on `expires_in`
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
