import { type AuthtokenError, retryAfter, ServiceUnavailable } from '../errors.js'

/** A 503, never a 401: nothing is known about a token. @param cause whose message quotes nothing that was sent or received */
export const unavailable = (reason: string, cause?: unknown, seconds = 1): AuthtokenError =>
  retryAfter(new ServiceUnavailable({ cause: new Error(reason, cause === undefined ? {} : { cause }) }), seconds)
