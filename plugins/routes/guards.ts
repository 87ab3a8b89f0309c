import { insufficientScope, NotAuthenticated, PermissionDenied } from '../../src/errors.js'
import type { DjangoUser as User } from '../../src/identity/identity.js'
import { type Administrators, isAdministrator, TOKENS_SCOPE } from '../../src/identity/scope.js'
import type { Auth } from '../caller.js'
import type { Guard } from '../http/operation.js'

/** For all who are authenticated: a route's `config`. */
export const authenticated = { authtoken: { permission: 'isAuthenticated' as const } }

/** For tokens that may manage their owner's tokens. */
export const tokenManagers: Guard = {
  config: authenticated,
  onRequest: [({ auth }, _reply, done) => done(auth?.hasScope(TOKENS_SCOPE) === true ? undefined : insufficientScope(TOKENS_SCOPE))]
}

/** For administrators. */
export const administratorsOnly = (administrators: Administrators): Guard => ({
  config: authenticated,
  onRequest: [({ user, auth }, _reply, done) => {
    if (user == null || auth == null) done(new NotAuthenticated())
    else done(mayAdminister({ user, auth }, administrators) ? undefined : new PermissionDenied())
  }]
})

/** Whether a caller is an administrator, with a token of full power or with scope `admin`. */
export const mayAdminister = ({ user, auth }: { user: User, auth: Auth }, administrators: Administrators): boolean =>
  isAdministrator(user, administrators) && auth.hasScope('admin')
