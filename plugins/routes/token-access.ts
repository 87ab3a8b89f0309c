import type { FastifyRequest } from 'fastify'
import { PermissionDenied, ScopeNotGranted } from '../../src/errors.js'
import type { DjangoUser as User, Token } from '../../src/identity/identity.js'
import { type Administrators, covers, isAdministrator, mayGrant, type Power } from '../../src/identity/scope.js'
import type { Auth } from '../caller.js'
import { callerOf } from './guards.js'

/** Who asks, with what power, and whose tokens it is about. */
export interface TokenAccess {
  caller: User
  auth: Auth
  power: Power
  owner: User
}

/** A caller's access to its own tokens. */
export function ownAccess (request: FastifyRequest, administrators: Administrators): TokenAccess {
  const { user, auth } = callerOf(request)
  return { caller: user, auth, power: { scope: auth.scope, administrator: isAdministrator(user, administrators) }, owner: user }
}

/** A token never makes one that may do more than itself. */
export function checkGrant ({ power }: TokenAccess, scope: string): void {
  if (!mayGrant(power, scope)) throw new ScopeNotGranted()
}

/** A token changes itself, and those that may do no more. */
export function checkChange ({ auth, power }: TokenAccess, token: Token): void {
  if (token.id !== auth.id && !covers(power, token.scope)) throw new ScopeNotGranted()
}

/** A token renews itself, and those that live no longer. */
export function checkRenewal ({ auth }: TokenAccess, token: Token): void {
  const outlives = auth.expires !== null && (token.expires === null || token.expires > auth.expires)
  if (token.id !== auth.id && outlives) throw new PermissionDenied()
}
