import type { FastifyRequest, onRequestHookHandler, preHandlerHookHandler } from 'fastify'
import { readAuthorization } from '../src/authentication/authorization-header.js'
import { AuthtokenError, DatabaseUnavailable, InvalidToken, retryAfter, UserInactive } from '../src/errors.js'
import { isActive } from '../src/identity/account.js'
import type { Authenticator, Identity } from '../src/identity/identity.js'
import { forgetCaller, foundOf, setCaller, setRefusal } from './caller.js'

/** Holds the authenticator of a scope. */
export interface AuthenticatorSource { authenticator: Authenticator, keyword: string }

/** What is held against a request of whose caller all is known; null: nothing. */
export type Check = (request: FastifyRequest) => AuthtokenError | null

/** Finds out who makes a request, unless that is known; an error where its credentials are no good. */
export type FindCaller = (request: FastifyRequest, done: (error: Error | null) => void) => void

/** Finds out who makes a request, and whether it may be made. Bad credentials are refused even where none are needed, as in DRF. */
export const createAuthenticateHook = (find: FindCaller, check: Check): onRequestHookHandler =>
  function authenticate (request, _reply, done) {
    find(request, (error) => done(error ?? check(request) ?? undefined))
  }

/** The same once more where a body was waited for: meanwhile the token may have ended, or its user lost what the route needs. */
export const createLookAgainHook = (find: FindCaller, check: Check): preHandlerHookHandler =>
  function lookAgain (request, _reply, done) {
    if (!hasBody(request) || request.headers.authorization === undefined) {
      done()
      return
    }
    forgetCaller(request)
    find(request, (error) => done(error ?? check(request) ?? undefined))
  }

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0')

/** The way to the caller: looked for once a request, whoever asks. */
export function createFindCaller (source: AuthenticatorSource, keywords: string[]): FindCaller {
  const ours = keywords.map((keyword) => keyword.toLowerCase())
  return (request, done) => {
    const found = foundOf(request)
    if (found !== undefined) {
      done(found)
      return
    }
    const key = readAuthorization(request.headers.authorization, request.raw.rawHeaders, ours)
    if (key === null) {
      setCaller(request, null)
      done(null)
    } else if (typeof key !== 'string') {
      done(refuse(request, key))
    } else {
      lookUp(source.authenticator, key, (error, identity) => done(error === null ? accept(request, identity, key) : refuse(request, error)))
    }
  }
}

function lookUp (authenticator: Authenticator, key: string, done: (error: Error | null, identity: Identity | null) => void): void {
  let found
  try {
    found = authenticator.authenticate(key)
  } catch (error) {
    done(unavailable(error), null)
    return
  }
  if (found instanceof Promise) found.then((identity) => done(null, identity), (error) => done(unavailable(error), null))
  else done(null, found)
}

/** Nothing is known about the token: never 401, and never the driver's own words. */
const unavailable = (error: unknown): Error =>
  error instanceof AuthtokenError ? error : retryAfter(new DatabaseUnavailable({ cause: error }), 1)

function accept (request: FastifyRequest, identity: Identity | null, key: string): Error | null {
  if (identity === null) return refuse(request, new InvalidToken())
  if (!isActive(identity)) return refuse(request, new UserInactive())
  setCaller(request, identity, key)
  return null
}

function refuse (request: FastifyRequest, error: Error): Error {
  setRefusal(request, error)
  return error
}
