import type { Authtoken } from '../../src/open-authtoken.js'
import type { UserChanges } from '../../src/users/users.js'

/** A user with a token, and the header that authenticates it; without a password, which takes time to hash. */
export async function makeUser ({ users, tokens }: Pick<Authtoken, 'users' | 'tokens'>, username: string, flags: Omit<UserChanges, 'username'> = {}) {
  const user = await users.create({ username, password: null, ...flags }, { validate: false })
  const token = await tokens.getOrCreate(user)
  return { user, token, authorization: `Token ${token.key}` }
}

/** As `makeUser`, with the password `<username>-pass-1`. */
export const makeLogin = (authtoken: Pick<Authtoken, 'users' | 'tokens'>, username: string, flags: Omit<UserChanges, 'username'> = {}) =>
  makeUser(authtoken, username, { password: `${username}-pass-1`, ...flags })
