import type { FastifyRequest } from 'fastify'
import { PermissionDenied } from '../../src/errors.js'
import type { DjangoUser as User } from '../../src/identity/identity.js'
import { type Administrators, FULL_POWER, isAdministrator, splitScope, TOKENS_SCOPE } from '../../src/identity/scope.js'
import type { Auth } from '../caller.js'
import type { Guard } from './management.js'

/** For all who are authenticated: a route's `config`. */
export const authenticated = { authtoken: { permission: 'isAuthenticated' as const } }

/** For tokens that may manage their owner's tokens. */
export const tokenManagers: Guard = { config: { authtoken: { scope: TOKENS_SCOPE } } }

/** For administrators. */
export const administratorsOnly = (administrators: Administrators): Guard => ({
  config: authenticated,
  onRequest: [(request, _reply, done) => {
    done(mayAdminister(callerOf(request), administrators) ? undefined : new PermissionDenied())
  }]
})

/** Whether a caller is an administrator, with a token of full power or with scope `admin`. */
export const mayAdminister = ({ user, auth }: { user: User, auth: Auth }, administrators: Administrators): boolean =>
  isAdministrator(user, administrators) && auth.hasScope('admin')

/** Whether a caller may touch superusers, and flags: a superuser, with a token of full power. Scope `admin` alone is as staff is. */
export const mayAdministerAll = ({ user, auth }: { user: User, auth: Auth }): boolean =>
  user.isSuperuser && splitScope(auth.scope).includes(FULL_POWER)

/** Who asks, where a guard lets nobody else through. @throws PermissionDenied */
export function callerOf ({ user, auth }: FastifyRequest): { user: User, auth: Auth } {
  if (user === null || auth === null) throw new PermissionDenied()
  return { user, auth }
}
