import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { readAuthorization } from '../src/authentication/authorization-header.js'
import { AuthtokenError, DatabaseUnavailable, InvalidToken, retryAfter, UserInactive } from '../src/errors.js'
import { isActive } from '../src/identity/account.js'
import type { Authenticator, Identity } from '../src/identity/identity.js'
import { setCaller } from './caller.js'

/** Holds the authenticator of a scope. */
export interface AuthenticatorSource { authenticator: Authenticator, keyword: string }

/** What is held against a request of whose caller all is known; null: nothing. */
export type Check = (request: FastifyRequest) => AuthtokenError | null

/** Finds out who makes a request, and whether it may be made. Bad credentials are refused even where none are needed, as in DRF. */
export function createAuthenticateHook (source: AuthenticatorSource, keywords: string[], check: Check): onRequestHookHandler {
  const ours = keywords.map((keyword) => keyword.toLowerCase())
  return function authenticate (request, _reply, done) {
    const key = readAuthorization(request.headers.authorization, request.raw.rawHeaders, ours)
    if (key === null) {
      done(check(request) ?? undefined)
    } else if (typeof key !== 'string') {
      done(key)
    } else {
      lookUp(source.authenticator, key, (error, identity) => done(error ?? accept(request, identity, key) ?? check(request) ?? undefined))
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

function accept (request: FastifyRequest, identity: Identity | null, key: string): AuthtokenError | null {
  if (identity === null) return new InvalidToken()
  if (!isActive(identity)) return new UserInactive()
  setCaller(request, identity, key)
  return null
}
