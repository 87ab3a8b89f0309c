import { propertyOf, type UserModel } from '../database/user-model.js'
import { readUserId } from '../database/user-id.js'
import type { LoginResult } from './credentials.js'
import type { LoginStore } from './login-store.js'

/**
 * The host's own check of a login. The context is the request.
 * @returns the user, or an object that has the user's id under its name; null: no
 */
export type VerifyCredentials<Context> = (username: string, password: string, context: Context) => object | null | Promise<object | null>

/** Logins that the host checks. Who is not active, or not in the users' table any more, does not come in. */
export function delegateCredentials<Context> (users: UserModel, store: LoginStore, verify: VerifyCredentials<Context>) {
  const property = propertyOf(users.id)
  return {
    async verify (username: string, password: string, context: Context): Promise<LoginResult> {
      const user = await verify(username, password, context)
      if (user == null) return { account: null, userId: null, reason: 'verifyCredentials said no' }
      const given = (user as Record<string, unknown>)[property]
      if (!['number', 'string', 'bigint'].includes(typeof given)) {
        throw new TypeError(`verifyCredentials must return the user with its id, as { ${property} }, or null`)
      }
      const id = readUserId(users, String(given))
      const found = id === null ? null : await store.findById(id)
      if (found === null) return { account: null, userId: id, reason: 'no such user' }
      const { account, password: encoded } = found
      if (!account.isActive) return { account: null, userId: id, reason: 'the user is not active' }
      return { account, password: encoded, reason: null }
    }
  }
}
