import { presentToken } from '../../api/resources.js'
import type { DjangoUser as User, Token } from '../../identity/identity.js'
import type { Authtoken } from '../../open-authtoken.js'
import { listAllTokens, type OwnedToken } from '../../tokens/list-all.js'
import { findUser } from '../arguments.js'
import { type CommonFlags, printRows, type Terminal, withAuthtoken } from '../terminal.js'

const BATCH = 500
const COLUMNS = { id: 16, user: 16, kind: 6, name: 20, hint: 4, scope: 16, created: 10, expires: 10, 'last used': 10, state: 0 }

/** Lists tokens, of one user or of all. Never a key. */
export async function listTokens (terminal: Terminal, username: string | undefined, options: CommonFlags): Promise<void> {
  await withAuthtoken(terminal, async (authtoken) => {
    const tokens = username === undefined ? listAllTokens(authtoken.database) : listTokensOf(authtoken, await findUser(authtoken, username))
    await printRows(terminal, options, COLUMNS, tokens, {
      json: ({ username, token }) => ({ username, ...presentToken(token) }),
      cells: cellsOf
    })
  })
}

async function * listTokensOf ({ tokens }: Authtoken, user: User): AsyncGenerator<OwnedToken> {
  for (let offset = 0, count = 1; offset < count; offset += BATCH) {
    const page = await tokens.list(user, { limit: BATCH, offset })
    count = page.count
    for (const token of page.tokens) yield { username: user.username, token }
  }
}

function cellsOf ({ username, token }: OwnedToken): string[] {
  const { id, kind, name, hint, scope, created, expires, lastUsed } = token
  const days = [created, expires, lastUsed].map((date) => date?.toISOString().slice(0, 10) ?? 'never')
  return [id, username, kind, name ?? '', hint ?? '', scope === '' ? 'none' : scope, ...days, stateOf(token)]
}

function stateOf ({ replacedBy, disabled, expires }: Token): string {
  const states = [
    ...(expires !== null && expires <= new Date() ? ['expired'] : []),
    ...(replacedBy !== undefined ? [`replaced by ${replacedBy}`] : []),
    ...(disabled ? ['disabled'] : [])
  ]
  return states.join(', ') || 'current'
}
