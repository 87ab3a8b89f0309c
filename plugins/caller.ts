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
    return caller == null ? null : (request[AUTH] ??= new CallerAuth(caller, administrators, () => authorityOf(request, administrators)))
  })
}

function decorate (app: FastifyInstance, name: 'user' | 'auth', read: (request: Called) => unknown): void {
  app.decorateRequest(name, {
    getter () { return read(this as Called) },
    setter (value: unknown) { Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true }) }
  } as never)
}

// A private field is in no copy of the object, and in nothing that is printed of it.
class CallerAuth implements Auth {
  readonly id: string
  readonly kind: Token['kind']
  readonly name: string | null
  readonly hint: string | null
  readonly scope: string
  readonly created: Date | null
  readonly expires: Date | null
  readonly lastUsed: Date | null
  readonly disabled: boolean
  readonly userId: UserId
  readonly isStaff: boolean
  readonly hasScope: (scope: string) => boolean
  declare readonly replacedBy?: string
  readonly #authority: () => Authority

  constructor (identity: Identity, administrators: Administrators, authority: () => Authority) {
    const { token } = identity
    const { userId, isStaff, isSuperuser } = factsOf(identity)
    const power = { scope: token.scope, administrator: isAdministrator({ isStaff, isSuperuser }, administrators) }
    this.id = token.id
    this.kind = token.kind
    this.name = token.name
    this.hint = token.hint
    this.scope = token.scope
    this.created = token.created
    this.expires = token.expires
    this.lastUsed = token.lastUsed
    this.disabled = token.disabled
    this.userId = userId
    this.isStaff = isStaff && carriesFlags(token)
    this.hasScope = (scope) => covers(power, scope)
    if (token.replacedBy !== undefined) this.replacedBy = token.replacedBy
    this.#authority = authority
  }

  [AUTHORITY] (): Authority { return this.#authority() }
}

function authorityOf (request: Called, administrators: Administrators): Authority {
  const { [FIRST]: first, [KEY]: key } = request as { [FIRST]: Identity, [KEY]: string }
  const { userId, isStaff, isSuperuser } = factsOf(first)
  return { key, token: first.token, userId, isStaff, isSuperuser, administrator: isAdministrator({ isStaff, isSuperuser }, administrators) }
}
