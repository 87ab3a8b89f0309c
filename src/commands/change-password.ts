import { askGoodPassword } from './create-user.js'
import { CommandError, print, printJson, type Terminal, withAuthtoken } from './terminal.js'

/** What `changepassword` takes. */
export interface ChangePasswordOptions {
  /** False: nothing is asked; the password is `AUTHTOKEN_PASSWORD`. */
  input: boolean
  /** False: Django's password rules are not applied. */
  validate: boolean
  /** True: the user's tokens stay, as in Django. */
  keepTokens?: boolean
  json?: boolean
}

/** Sets a user's password. The user's tokens end with the old one, unless they are to stay. */
export async function changePassword (terminal: Terminal, username: string, options: ChangePasswordOptions): Promise<void> {
  const given = terminal.env.AUTHTOKEN_PASSWORD
  if (options.input && !terminal.interactive) throw new CommandError('This is no terminal to ask on: use --noinput, and the password in AUTHTOKEN_PASSWORD.')
  if (!options.input && given === undefined) throw new CommandError('You must set AUTHTOKEN_PASSWORD with --noinput.')

  await withAuthtoken(terminal, async ({ users }) => {
    const user = await users.findByUsername(username)
    if (user === null) throw new CommandError(`user ${JSON.stringify(username)} does not exist`)
    const revokeTokens = !options.keepTokens
    if (options.input || given === undefined) await users.setPassword(user, await askGoodPassword(terminal, users, user, options.validate), { validate: false, revokeTokens })
    else await users.setPassword(user, given, { validate: options.validate, revokeTokens })
    if (options.json) printJson(terminal, { id: user.id, username })
    else print(terminal, `Password changed successfully for user ${username}`)
  })
}
