import { findUser } from './arguments.js'
import { askGoodPassword } from './create-user.js'
import { answer, CommandError, type CommonFlags, refuseToAsk, takePassword, type Terminal, withAuthtoken } from './terminal.js'

type Options = CommonFlags & { validate: boolean, keepTokens?: boolean }

/** Sets a user's password. The user's tokens end with the old one, unless they are to stay. */
export async function changePassword (terminal: Terminal, username: string, options: Options): Promise<void> {
  const given = takePassword(terminal)
  refuseToAsk(terminal, options, ', and the password in AUTHTOKEN_PASSWORD')
  if (options.noinput && given === undefined) throw new CommandError('You must set AUTHTOKEN_PASSWORD with --noinput.')

  await withAuthtoken(terminal, async (authtoken) => {
    const user = await findUser(authtoken, username)
    const { users } = authtoken
    const asked = options.noinput ? undefined : await askGoodPassword(terminal, users, user, options)
    const validate = options.validate && asked === undefined
    await users.setPassword(user, asked ?? given ?? null, { validate, revokeTokens: !options.keepTokens })
    answer(terminal, options, { id: user.id, username }, `Password changed successfully for user ${username}`)
  })
}
