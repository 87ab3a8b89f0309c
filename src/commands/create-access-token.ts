import { presentIssuedToken } from '../api/resources.js'
import { MAX_GRACE } from '../tokens/access-token.js'
import { MAX_DURATION } from '../options/token-options.js'
import { findOwner, findUser, readWholeNumber, unknownToken } from './arguments.js'
import { answer, type CommonFlags, type Terminal, withAuthtoken } from './terminal.js'

type CreateOptions = CommonFlags & { name?: string, scope?: string, expiresIn?: string }

/** Makes an access token and shows it, this once. */
export async function createAccessToken (terminal: Terminal, username: string, options: CreateOptions): Promise<void> {
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

/** Puts a new token in the place of one, and shows it, this once. */
export async function rotateToken (terminal: Terminal, id: string, options: CommonFlags & { grace?: string }): Promise<void> {
  const grace = readWholeNumber('--grace', options.grace ?? '0', 0, MAX_GRACE)
  await withAuthtoken(terminal, async (authtoken) => {
    const issued = await authtoken.tokens.rotate(await findOwner(authtoken, id), id, { grace })
    if (issued === null) throw unknownToken()
    answer(terminal, options, presentIssuedToken(issued), `Generated token ${issued.key} in place of ${id}`)
  })
}
