import { type AuthtokenError, retryAfter, ServiceUnavailable } from '../errors.js'

/**
 * Why nothing is known about a token: a 503, never a 401.
 * @param reason in words, for the log
 * @param cause what went wrong below; its message must quote nothing that was sent or received
 * @param seconds when to come back
 */
export const unavailable = (reason: string, cause?: unknown, seconds = 1): AuthtokenError =>
  retryAfter(new ServiceUnavailable({ cause: new Error(reason, cause === undefined ? {} : { cause }) }), seconds)
