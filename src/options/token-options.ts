import type { Static } from '@sinclair/typebox'
import { flag, group, oneOf, seconds, text, wholeNumber } from './kinds.js'

/** 100 years, in seconds: no date is that far off. */
export const MAX_DURATION = 3_155_760_000

/** Which tokens are made, and how they live. */
export const tokenOptions = group({
  kind: oneOf(['drf', 'access'], {
    default: 'drf',
    description: 'what new users and the exchange get: the one DRF token, or a new access token at each login, nothing in clear'
  }),
  prefix: text('^[a-z0-9]{1,12}$', {
    default: 'fat',
    right: '1 to 12 lower-case letters and digits, as fat',
    description: 'what access tokens begin with'
  }),
  expiresIn: seconds(MAX_DURATION, {
    default: 0,
    description: 'seconds that an access token lives where nobody says otherwise; 0: without end'
  }),
  loginExpiresIn: seconds(MAX_DURATION, {
    default: 2_592_000,
    description: 'the same for access tokens that the exchange makes'
  }),
  maxLife: seconds(MAX_DURATION, {
    default: 0,
    description: 'the longest life of an access token, in seconds from its creation; 0: any'
  }),
  sliding: flag({
    default: false,
    description: 'whether each use pushes the expiry of an access token, up to the longest life'
  }),
  limit: wholeNumber(0, 1_000_000, {
    default: 100,
    description: 'access tokens that a user may have; 0: any number'
  }),
  atLimit: oneOf(['reject', 'replace'], {
    default: 'reject',
    description: 'at the limit a new access token is refused, or takes the place of the oldest'
  })
})

/** Which tokens are made, and how they live. */
export type TokenOptions = Static<typeof tokenOptions>
