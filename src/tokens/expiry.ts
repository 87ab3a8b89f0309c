import { validationError } from '../errors.js'

/** How long access tokens live. All durations are in seconds; 0 means without end. */
export interface ExpiryOptions {
  /** Of a token that is made without `expiresIn`. @default 0 */
  expiresIn?: number
  /** Of a token of kind login that is made without `expiresIn`. @default 2592000 (30 days) */
  loginExpiresIn?: number
  /** The longest life of any token, from its creation on; the defaults above are cut to it. @default 0 */
  maxLife?: number
  /** Whether each use pushes the expiry by the life that the token was made with, up to `maxLife`. @default false */
  sliding?: boolean
}

/** The dates of a new token. */
export interface Life {
  expires: Date | null
  /** The life that it was made with, in seconds; null: without end. */
  lifetime: number | null
  latest: Date | null
}

/** How long tokens live. */
export type ExpiryPolicy = ReturnType<typeof createExpiryPolicy>

/** 100 years: no date is that far off. */
export const MAX_DURATION = 3_155_760_000
const LOGIN_EXPIRES_IN = 2_592_000

/**
 * Works out when tokens end.
 * @param options see there
 */
export function createExpiryPolicy ({ expiresIn = 0, loginExpiresIn = LOGIN_EXPIRES_IN, maxLife = 0, sliding = false }: ExpiryOptions = {}) {
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
