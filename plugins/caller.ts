import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { UserId } from '../src/database/user-id.js'
import { factsOf } from '../src/identity/account.js'
import type { Identity, Token } from '../src/identity/identity.js'
import { AUTHORITY, type Authority, type Caller } from '../src/tokens/authority.js'
import { type Administrators, carriesFlags, covers, isAdministrator } from '../src/identity/scope.js'

/** The caller's token; for `tokens.createAs` and its like it is the caller. */
export interface Auth extends Token, Caller {
  /** The id of the user whose it is. */
  userId: UserId
  /** Whether the caller counts as staff here: the user does, and the token has full power or scope `admin`. */
  isStaff: boolean
  /** Whether the token may do something. @param scope space-separated scopes, all of which are needed */
  hasScope (scope: string): boolean
}

const CALLER = Symbol('fastify-authtoken.caller')
const FIRST = Symbol('fastify-authtoken.first-caller')
const KEY = Symbol('fastify-authtoken.key')
const AUTH = Symbol('fastify-authtoken.auth')

const REFUSAL = Symbol('fastify-authtoken.refusal')

type Called = FastifyRequest & {
  [CALLER]?: Identity | null | undefined
  [FIRST]?: Identity | null | undefined
  [KEY]?: string | undefined
  [AUTH]?: Auth | undefined
  [REFUSAL]?: Error
}

/** Says who makes a request, and with which key; null: nobody. */
export function setCaller (request: FastifyRequest, identity: Identity | null, key?: string): void {
  const called = request as Called
  called[CALLER] = identity
  called[FIRST] ??= identity
  called[KEY] = key
}

/** Lets a request's caller be found again, as it is now. What it writes is done with the power that it had at first, or not at all. */
export function forgetCaller (request: FastifyRequest): void {
  const called = request as Called
  called[CALLER] = undefined
  called[AUTH] = undefined
}

/** Says that the request's credentials are no good. It stays anonymous. */
export function setRefusal (request: FastifyRequest, error: Error): void {
  (request as Called)[REFUSAL] = error
}

/** What came of a request's credentials: the error, or null. Undefined: nobody has looked. */
export const foundOf = (request: FastifyRequest): Error | null | undefined =>
  (request as Called)[CALLER] === undefined ? (request as Called)[REFUSAL] : null

/** Whether nobody is known to make a request: also on a route that the plugin does not know. */
export const isAnonymous = (request: FastifyRequest): boolean => (request as Called)[CALLER] == null && request.user == null

/** Gives the requests of a scope `user` and `auth`, made where they are read. A host may write to both. */
export function decorateRequests (app: FastifyInstance, administrators: Administrators): void {
  decorate(app, 'user', (request) => request[CALLER]?.user ?? null)
  decorate(app, 'auth', (request) => {
    const caller = request[CALLER]
    return caller == null ? null : (request[AUTH] ??= createAuth(caller, () => authorityOf(request, administrators), administrators))
  })
}

function decorate (app: FastifyInstance, name: 'user' | 'auth', read: (request: Called) => unknown): void {
  app.decorateRequest(name, {
    getter () { return read(this as Called) },
    setter (value: unknown) { Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true }) }
  } as never)
}

// Member by member: objects that are spread and then added to are far slower to make.
function createAuth (identity: Identity, authority: () => Authority, administrators: Administrators): Auth {
  const { token } = identity
  const { userId, isStaff, isSuperuser } = factsOf(identity)
  const power = { scope: token.scope, administrator: isAdministrator({ isStaff, isSuperuser }, administrators) }
  const auth: Auth = {
    id: token.id,
    kind: token.kind,
    name: token.name,
    hint: token.hint,
    scope: token.scope,
    created: token.created,
    expires: token.expires,
    lastUsed: token.lastUsed,
    disabled: token.disabled,
    userId,
    isStaff: isStaff && carriesFlags(token),
    hasScope: (scope) => covers(power, scope),
    [AUTHORITY]: authority
  }
  if (token.replacedBy !== undefined) auth.replacedBy = token.replacedBy
  return auth
}

function authorityOf (request: Called, administrators: Administrators): Authority {
  const { [FIRST]: first, [KEY]: key } = request as { [FIRST]: Identity, [KEY]: string }
  const { userId, isStaff, isSuperuser } = factsOf(first)
  return { key, token: first.token, userId, isStaff, isSuperuser, administrator: isAdministrator({ isStaff, isSuperuser }, administrators) }
}
