import { presentIssuedToken } from '../../api/resources.js'
import { MAX_DURATION } from '../../options/token-options.js'
import { findUser, readWholeNumber } from '../arguments.js'
import { answer, type CommonFlags, type Terminal, withAuthtoken } from '../terminal.js'

type Options = CommonFlags & { name?: string, scope?: string, expiresIn?: string }

/** Makes an access token and shows it, this once. */
export async function createAccessToken (terminal: Terminal, username: string, options: Options): Promise<void> {
  const { name, scope, expiresIn } = options
  const token = {
    ...(name !== undefined && { name }),
    ...(scope !== undefined && { scope }),
    ...(expiresIn !== undefined && { expiresIn: readWholeNumber('--expires-in', expiresIn, 1, MAX_DURATION) })
  }
  await withAuthtoken(terminal, async (authtoken) => {
    const issued = await authtoken.tokens.create(await findUser(authtoken, username), token)
    answer(terminal, options, presentIssuedToken(issued), `Generated token ${issued.key} for user ${username}`)
  })
}
