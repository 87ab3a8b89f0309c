import type { Static } from '@sinclair/typebox'
import { flag, oneOf, seconds, text, wholeNumber } from './kinds.js'
import { group } from './option-groups.js'

/** 100 years, in seconds: no date is that far off. */
export const MAX_DURATION = 3_155_760_000

/** Which tokens are made, and how they live. */
export const tokenOptions = group({
  /** What new users and the exchange get: the one DRF token, or a new access token at each login, and nothing in clear. @default 'drf' */
  kind: oneOf(['drf', 'access'], {
    default: 'drf',
    description: 'what new users and the exchange get: the one DRF token, or a new access token at each login, and nothing in clear'
  }),
  /** What access tokens begin with. @default 'fat' */
  prefix: text('^[a-z0-9]{1,12}$', {
    default: 'fat',
    right: '1 to 12 lower-case letters and digits, as fat',
    description: 'what access tokens begin with'
  }),
  /** Seconds that an access token lives where nobody says otherwise; 0: without end. @default 0 */
  expiresIn: seconds(MAX_DURATION, {
    default: 0,
    description: 'seconds that an access token lives where nobody says otherwise; 0: without end'
  }),
  /** The same for access tokens that the exchange makes. @default 2592000 */
  loginExpiresIn: seconds(MAX_DURATION, {
    default: 2_592_000,
    description: 'the same for access tokens that the exchange makes'
  }),
  /** The longest life of an access token, in seconds from its creation; 0: any. @default 0 */
  maxLife: seconds(MAX_DURATION, {
    default: 0,
    description: 'the longest life of an access token, in seconds from its creation; 0: any'
  }),
  /** Whether each use pushes the expiry of an access token, up to the longest life. @default false */
  sliding: flag({
    default: false,
    description: 'whether each use pushes the expiry of an access token, up to the longest life'
  }),
  /** Access tokens that a user may have; 0: any number. @default 100 */
  limit: wholeNumber(0, 1_000_000, {
    default: 100,
    description: 'access tokens that a user may have; 0: any number'
  }),
  /** What becomes of a new access token at the limit: it is refused, or takes the place of the oldest. @default 'reject' */
  atLimit: oneOf(['reject', 'replace'], {
    default: 'reject',
    description: 'what becomes of a new access token at the limit: it is refused, or takes the place of the oldest'
  })
})

/** Which tokens are made, and how they live. */
export type TokenOptions = Static<typeof tokenOptions>
