import type { FastifyInstance } from 'fastify'
import { AUTHENTICATOR } from '../plugins/token-auth.js'
import { InvalidSettings } from './errors.js'
import { generateId } from './tokens/format.js'
import type { Authenticator, DjangoUser, Identity, User } from './identity/identity.js'
import { SCOPE_PATTERN } from './identity/scope.js'

/** As what a test asks. */
export interface ActingOptions {
  /** Space-separated scopes of the token. @default '*' */
  scope?: string
  /** The keyword of the header, for routes that have their own. @default the application's first */
  keyword?: string
}

const identities = new WeakMap<Authenticator, Map<string, Identity>>()

/**
 * Lets a test ask as a user who needs no row in a database: `app.inject({ url: '/orders', headers: actingAs(app, { username: 'ann' }) })`.
 * @param app where the plugin is registered
 * @param user what matters of the user; the rest is an ordinary, active one
 * @returns the headers of such a request; they hold for this application alone, and as long as it does
 */
export function actingAs (app: FastifyInstance, user: Partial<User> = {}, { scope = '*', keyword }: ActingOptions = {}) {
  const source = app[AUTHENTICATOR]
  if (source === undefined) {
    throw new InvalidSettings('actingAs: register fastify-authtoken first, and give the instance where it is registered')
  }
  if (!new RegExp(SCOPE_PATTERN).test(scope)) {
    throw new InvalidSettings("actingAs: scope must be scopes with single spaces between them, as 'orders:read'")
  }
  const acting = identities.get(source.authenticator) ?? putBefore(source)
  const key = `testing-${generateId()}`
  acting.set(key, {
    user: { ...(isHost(app) ? {} : ANYBODY), ...user } as User,
    ...(isHost(app) && { isActive: true }),
    token: { ...ANY_TOKEN, id: generateId(), scope, created: new Date() }
  })
  return { authorization: `${keyword ?? source.keyword} ${key}` }
}

/** Whether users are the host's, of whose rows nothing is known here. */
const isHost = (app: FastifyInstance): boolean => app.hasDecorator('authtoken') && !('users' in app.authtoken)

function putBefore (source: { authenticator: Authenticator }): Map<string, Identity> {
  const { authenticator } = source
  const acting = new Map<string, Identity>()
  source.authenticator = { authenticate: (key) => acting.get(key) ?? authenticator.authenticate(key) }
  identities.set(source.authenticator, acting)
  return acting
}

const ANY_TOKEN = { kind: 'access', name: 'testing', hint: null, expires: null, lastUsed: null, disabled: false } as const

const ANYBODY: DjangoUser = {
  id: 1,
  username: 'testing',
  email: '',
  firstName: '',
  lastName: '',
  isActive: true,
  isStaff: false,
  isSuperuser: false,
  dateJoined: null,
  lastLogin: null
}
