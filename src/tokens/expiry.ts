import { validationError } from '../errors.js'
import { withDefaults } from '../options/option-groups.js'
import { MAX_DURATION, type TokenOptions, tokenOptions } from '../options/token-options.js'

/** The dates of a new token. */
export interface Life {
  expires: Date | null
  /** The life that it was made with, in seconds; null: without end. */
  lifetime: number | null
  latest: Date | null
}

/** How long tokens live. */
export type ExpiryPolicy = ReturnType<typeof createExpiryPolicy>

/**
 * Works out when tokens end.
 * @param options see there
 */
export function createExpiryPolicy (options: TokenOptions = {}) {
  const { expiresIn, loginExpiresIn, maxLife, sliding } = withDefaults(tokenOptions, options)
  const longest = maxLife === 0 ? MAX_DURATION : maxLife

  return {
    /** Whether a use may push an expiry. */
    sliding,

    /**
     * The dates of a token that is made now.
     * @param wanted seconds; null: without end; undefined: the default of its kind
     * @param bound what it may not outlive: the expiry of the token that makes it
     * @throws ValidationError on `expires_in` where that is no life, or longer than it may be
     */
    begin (kind: 'access' | 'login', wanted: number | null | undefined, bound: Date | null, now: Date): Life {
      const left = bound === null ? Infinity : Math.floor((bound.getTime() - now.getTime()) / 1000)
      const most = Math.min(longest, left)
      if (wanted === null && (maxLife > 0 || bound !== null)) throw tooLong(most)
      if (typeof wanted === 'number' && (!Number.isInteger(wanted) || wanted < 1 || wanted > most)) throw tooLong(most)
      const usual = (kind === 'login' ? loginExpiresIn : expiresIn) || (maxLife > 0 ? maxLife : Infinity)
      const seconds = wanted === null ? Infinity : wanted ?? Math.min(usual, longestOf(maxLife), left)
      const latest = maxLife === 0 ? null : after(now, maxLife)
      return {
        expires: seconds === Infinity ? null : after(now, seconds),
        lifetime: seconds === Infinity ? null : seconds,
        latest: earlier(latest, bound)
      }
    },

    /** Where a use pushes the expiry, or null where it stays. @param now in milliseconds */
    push ({ lifetime, latest, expires }: Life, now: number): Date | null {
      if (!sliding || lifetime === null || expires === null) return null
      const pushed = earlier(after(new Date(now), lifetime), latest) as Date
      return pushed > expires ? pushed : null
    }
  }
}

const longestOf = (maxLife: number): number => maxLife === 0 ? Infinity : maxLife

const tooLong = (most: number) => validationError({ expires_in: [most < 1 ? 'The token that makes this one has expired.' : `Enter a whole number from 1 to ${most}.`] })

const after = (date: Date, seconds: number): Date => new Date(date.getTime() + seconds * 1000)

/** The earlier of two dates, where null is never. */
export const earlier = (a: Date | null, b: Date | null): Date | null => a === null ? b : b === null || a < b ? a : b
