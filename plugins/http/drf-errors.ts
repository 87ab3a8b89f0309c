import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { AuthtokenError, BadRequest, BodyTooLarge, NotFound, ParseError, PermissionDenied, UnsupportedMediaType } from '../../src/errors.js'
import { safeError } from '../../src/safe-error.js'

/** Answers one of our errors as DRF does. Its cause goes to the log, without what it was about. @param keyword the route's first */
export function sendDrfError (error: AuthtokenError, reply: FastifyReply, keyword: string): FastifyReply {
  if (error.cause !== undefined) reply.log.error({ err: safeError(error) }, 'request failed')
  if (error.headers !== undefined) reply.headers(error.headers)
  const challenge = challengeOf(error, keyword)
  if (challenge !== null) reply.header('www-authenticate', challenge)
  return reply.code(error.statusCode).type('application/json').serializer(JSON.stringify).send(bodyOf(error))
}

const bodyOf = ({ oauth, fields, message }: AuthtokenError): object =>
  oauth === undefined ? fields ?? { detail: message } : { error: oauth, error_description: message }

/** The `WWW-Authenticate` of an error: DRF's for a 401, RFC 6750's for a scope that is missing. */
function challengeOf ({ statusCode, scope }: AuthtokenError, keyword: string): string | null {
  if (scope !== undefined) return `${keyword} error="insufficient_scope", scope="${scope}"`
  return statusCode === 401 ? keyword : null
}

/** Has an error that is handed on carry its challenge. */
export function withChallenge (error: AuthtokenError, keyword: string): AuthtokenError {
  const challenge = challengeOf(error, keyword)
  if (challenge !== null) error.headers = { ...error.headers, 'www-authenticate': challenge }
  return error
}

/** Fastify's own errors in DRF's words, for scopes that are wholly ours; null where the failure is the server's. */
export function toDrfError (error: FastifyError | AuthtokenError, request: FastifyRequest): AuthtokenError | null {
  if (error instanceof AuthtokenError) return error
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE': return new BodyTooLarge()
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE': return new UnsupportedMediaType(request.headers['content-type'] ?? '')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH': return new ParseError('Body', 'Request body size did not match Content-Length.')
    default: return null
  }
}

/** What another plugin holds against a request, in DRF's words; null where the failure is the server's. */
export function toClientError ({ statusCode = 500 }: { statusCode?: number }): AuthtokenError | null {
  if (statusCode < 400 || statusCode >= 500) return null
  if (statusCode === 403) return new PermissionDenied()
  return statusCode === 404 ? new NotFound('Not found.') : new BadRequest()
}
