import type { onRequestHookHandler } from 'fastify'
import { NotAuthenticated, NotFound, PermissionDenied } from '../src/errors.js'
import type { User } from '../src/tokens/identity.js'
import { type Administrators, isAdministrator } from '../src/tokens/scope.js'
import type { Accounts } from '../src/users/accounts.js'

/** The `config` of routes for authenticated callers. */
export const authenticated = { authtoken: { permission: 'isAuthenticated' as const } }

/** A hook that lets administrators through, with a token of full power or with scope `admin`. */
export const administratorsOnly = (administrators: Administrators): onRequestHookHandler => ({ user, auth }, _reply, done) => {
  if (user == null || auth == null) done(new NotAuthenticated())
  else done(isAdministrator(user, administrators) && auth.hasScope('admin') ? undefined : new PermissionDenied())
}

/** The user of that name. @throws NotFound */
export async function findUser (users: Pick<Accounts, 'findByUsername'>, username: string): Promise<User> {
  const user = await users.findByUsername(username)
  if (user === null) throw new NotFound('Not found.')
  return user
}
