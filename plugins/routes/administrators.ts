import type { onRequestHookHandler } from 'fastify'
import { NotAuthenticated, NotFound, PermissionDenied } from '../../src/errors.js'
import type { DjangoUser as User } from '../../src/identity/identity.js'
import { type Administrators, isAdministrator } from '../../src/identity/scope.js'
import type { Users } from '../../src/users/users.js'
import type { Auth } from '../caller.js'

/** The `config` of routes for authenticated callers. */
export const authenticated = { authtoken: { permission: 'isAuthenticated' as const } }

/** Whether a caller is an administrator, with a token of full power or with scope `admin`. */
export const mayAdminister = ({ user, auth }: { user: User, auth: Auth }, administrators: Administrators): boolean =>
  isAdministrator(user, administrators) && auth.hasScope('admin')

/** A hook that lets administrators through. */
export const administratorsOnly = (administrators: Administrators): onRequestHookHandler => ({ user, auth }, _reply, done) => {
  if (user == null || auth == null) done(new NotAuthenticated())
  else done(mayAdminister({ user, auth }, administrators) ? undefined : new PermissionDenied())
}

/** The user of that name. @throws NotFound */
export async function findUser (users: Pick<Users, 'findByUsername'>, username: string): Promise<User> {
  const user = await users.findByUsername(username)
  if (user === null) throw new NotFound('Not found.')
  return user
}
