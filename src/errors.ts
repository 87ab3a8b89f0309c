import { createError } from '@fastify/error'

/** What a 400 says: the messages of each field, as DRF's serializers answer (`non_field_errors` for the whole). */
export type FieldErrors = Record<string, string[]>

/**
 * An error of ours. The plugins answer it as DRF would: `{"detail": message}`, or `fields` as the whole body.
 * Any other error is passed on to the host untouched.
 */
/* c8 ignore start: @fastify/error makes the instances, from the prototype alone */
export class AuthtokenError extends Error {
  declare readonly code: string
  declare readonly statusCode: number
  /** The body of the answer, instead of `{"detail": message}`. */
  fields?: FieldErrors
  /** The code of OAuth 2.0: the body is then `{"error": code, "error_description": message}` (RFC 6749 section 5.2). */
  oauth?: string
  /** The scope that is needed, for the challenge of a 403. */
  scope?: string
  /** Headers of the answer, lower-case names. The challenge of a 401 is added where the route is known. */
  headers?: Record<string, string>
}
/* c8 ignore stop */

const define = (code: string, message: string, statusCode: number) =>
  createError(`AUTHTOKEN_${code}`, message, statusCode, AuthtokenError as unknown as ErrorConstructor, false) as unknown as
    new (...args: unknown[]) => AuthtokenError

/** 401: the route needs a caller and the request names none. */
export const NotAuthenticated = define('NOT_AUTHENTICATED', 'Authentication credentials were not provided.', 401)
/** 401: `Authorization: Token`, and no key behind it. */
export const TokenMissing = define('TOKEN_MISSING', 'Invalid token header. No credentials provided.', 401)
/** 401: more than one word behind the keyword, or more than one header. */
export const TokenHasSpaces = define('TOKEN_HAS_SPACES', 'Invalid token header. Token string should not contain spaces.', 401)
/** 401: the key is not UTF-8. */
export const TokenHasInvalidCharacters =
  define('TOKEN_HAS_INVALID_CHARACTERS', 'Invalid token header. Token string should not contain invalid characters.', 401)
/** 401: no such token. */
export const InvalidToken = define('INVALID_TOKEN', 'Invalid token.', 401)
/** 401: the token's user is not active. */
export const UserInactive = define('USER_INACTIVE', 'User inactive or deleted.', 401)
/** 403: the caller is known and may not do this. */
export const PermissionDenied = define('PERMISSION_DENIED', 'You do not have permission to perform this action.', 403)
/** 403: the token lacks a scope that the route needs; the challenge names it (RFC 6750 section 3.1). */
export const InsufficientScope = define('INSUFFICIENT_SCOPE', 'You do not have permission to perform this action.', 403)
/** 403: a token never grants more than it holds, and a reserved scope only an administrator's. */
export const ScopeNotGranted = define('SCOPE_NOT_GRANTED', 'You may not grant this scope.', 403)
/** 404: no such user, page or path. */
export const NotFound = define('NOT_FOUND', '%s', 404)
/** 405: the path knows other methods, named in the `Allow` header. */
export const MethodNotAllowed = define('METHOD_NOT_ALLOWED', 'Method "%s" not allowed.', 405)
/** 400: the body is not what its content type says. */
export const ParseError = define('PARSE_ERROR', '%s parse error - %s', 400)
/** 400: the request is not what the path takes. */
export const BadRequest = define('BAD_REQUEST', 'Bad request.', 400)
/** 413: the body is larger than `bodyLimit`. */
export const BodyTooLarge = define('BODY_TOO_LARGE', 'Request body is too large.', 413)
/** 415: the route reads no such content type. */
export const UnsupportedMediaType = define('UNSUPPORTED_MEDIA_TYPE', 'Unsupported media type "%s" in request.', 415)
/** 400: a request that OAuth 2.0's endpoints do not take (RFC 6749 section 5.2). */
export const InvalidRequest = define('INVALID_REQUEST', '%s', 400)
/** 400: one or more fields do not hold; `fields` says which and why. */
export const ValidationError = define('VALIDATION', '%s', 400)
/** 409: the change contradicts what other rows hold. */
export const Conflict = define('CONFLICT', '%s', 409)
/** 409: the user has as many tokens as one may have. */
export const TokenLimitReached = define('TOKEN_LIMIT', 'The user has as many tokens as one may have. Delete one first.', 409)
/** 409: the database's DRF tokens are sealed, so that none is made any more. */
export const TokensSealed = define('TOKENS_SEALED', 'The DRF tokens of this database are sealed. Make an access token instead.', 409)
/** 503: as many passwords wait to be hashed as the queue holds. */
export const LoginQueueFull = define('LOGIN_QUEUE_FULL', 'Too many logins are waiting. Try again later.', 503)
/** 503: the database did not answer, so nothing is known about the token. `cause` holds the driver's error. */
export const DatabaseUnavailable = define('DATABASE_UNAVAILABLE', 'Service temporarily unavailable, try again later.', 503)
/** 503: the service that remote mode asks did not answer, so nothing is known about the token. `cause` says why. */
export const ServiceUnavailable = define('SERVICE_UNAVAILABLE', 'Service temporarily unavailable, try again later.', 503)
/** The database can't be used as it is: missing, corrupt, read-only, not ours, or newer. One line that says what would be right. */
export const DatabaseUnusable = define('DATABASE_UNUSABLE', '%s', 500)
/** Settings or options are wrong: every problem in one message. */
export const InvalidSettings = define('INVALID_SETTINGS', '%s', 500)

/**
 * A 400 with the messages of each field.
 * @param fields field name → messages
 */
export function validationError (fields: FieldErrors): AuthtokenError {
  const error = new ValidationError(Object.entries(fields).map(([name, messages]) => `${name}: ${messages.join(' ')}`).join(' '))
  error.fields = fields
  return error
}

/**
 * Refuses what has problems.
 * @param fields field name → what is wrong with it; empty: nothing
 * @throws ValidationError with the fields that have any
 */
export function refuseProblems (fields: FieldErrors): void {
  const wrong = Object.entries(fields).filter(([, problems]) => problems.length > 0)
  if (wrong.length > 0) throw validationError(Object.fromEntries(wrong))
}

/**
 * A request that OAuth 2.0's endpoints do not take.
 * @param description what would be right
 * @param statusCode where it is not 400
 */
export function invalidRequest (description: string, statusCode = 400): AuthtokenError {
  return Object.assign(new InvalidRequest(description), { oauth: 'invalid_request', statusCode })
}

/**
 * A 403 for a token that lacks scopes.
 * @param scope what is needed
 */
export function insufficientScope (scope: string): AuthtokenError {
  const error = new InsufficientScope()
  error.scope = scope
  return error
}

/**
 * A 503 that says when to come back.
 * @param error the error to answer with
 * @param seconds the value of `Retry-After`, at least 1
 */
export function retryAfter (error: AuthtokenError, seconds: number): AuthtokenError {
  error.headers = { 'retry-after': String(Math.max(1, Math.ceil(seconds))) }
  return error
}
