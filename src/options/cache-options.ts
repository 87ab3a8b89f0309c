import type { Static } from '@sinclair/typebox'
import { milliseconds, wholeNumber } from './kinds.js'
import { group } from './option-groups.js'

/** How answers are remembered. */
export const cacheOptions = group({
  /** Tokens that are remembered at most; 0: none. @default 100000 */
  size: wholeNumber(0, 10_000_000, {
    default: 100_000,
    description: 'tokens that are remembered at most; 0: none'
  }),
  /** How long a token is remembered at most, in milliseconds; revocations are seen at once, whatever this says. @default 300000 */
  ttlMs: milliseconds(1, 86_400_000, {
    default: 300_000,
    description: 'how long a token is remembered at most, in milliseconds; revocations are seen at once, whatever this says'
  })
})

/** How answers are remembered. */
export type CacheOptions = Static<typeof cacheOptions>
