import { findOwner, findUser, unknownToken } from '../arguments.js'
import { answer, CommandError, type CommonFlags, type Terminal, withAuthtoken } from '../terminal.js'

/** Ends a token, or with `--user` all of a user's. */
export async function revokeToken (terminal: Terminal, id: string | undefined, options: CommonFlags & { user?: string }): Promise<void> {
  const { user: username } = options
  if ((id === undefined) === (username === undefined)) throw new CommandError('Name a token by its id, or a user with --user.')
  await withAuthtoken(terminal, async (authtoken) => {
    if (username !== undefined) {
      await authtoken.tokens.revokeAll(await findUser(authtoken, username))
      answer(terminal, options, { username }, `All tokens of user ${username} are revoked`)
    } else if (id !== undefined) {
      if (!await authtoken.tokens.revoke(await findOwner(authtoken, id), id)) throw unknownToken()
      answer(terminal, options, { id }, `Token ${id} is revoked`)
    }
  })
}
