import { presentIssuedToken } from '../../api/resources.js'
import { MAX_GRACE } from '../../tokens/access-token.js'
import { findOwner, readWholeNumber, unknownToken } from '../arguments.js'
import { answer, type CommonFlags, type Terminal, withAuthtoken } from '../terminal.js'

/** Puts a new token in the place of one, and shows it, this once. */
export async function rotateToken (terminal: Terminal, id: string, options: CommonFlags & { grace?: string }): Promise<void> {
  const grace = readWholeNumber('--grace', options.grace ?? '0', 0, MAX_GRACE)
  await withAuthtoken(terminal, async (authtoken) => {
    const issued = await authtoken.tokens.rotate(await findOwner(authtoken, id), id, { grace })
    if (issued === null) throw unknownToken()
    answer(terminal, options, presentIssuedToken(issued), `Generated token ${issued.key} in place of ${id}`)
  })
}
