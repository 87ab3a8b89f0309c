import { findOwner, findUser, readWholeNumber, unknownToken } from './arguments.js'
import { answer, CommandError, type CommonFlags, type Terminal, withAuthtoken } from './terminal.js'

const BATCH = 500
const DAY_MS = 86_400_000
const MAX_DAYS = 36_525

/** Ends a token, or with `--user` all of a user's. */
export async function revokeTokens (terminal: Terminal, id: string | undefined, options: CommonFlags & { user?: string }): Promise<void> {
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

/** Deletes access tokens that expired so many days ago. */
export async function pruneTokens (terminal: Terminal, options: CommonFlags & { days: string }): Promise<void> {
  const before = new Date(Date.now() - readWholeNumber('--days', options.days, 0, MAX_DAYS) * DAY_MS)
  await withAuthtoken(terminal, async ({ tokens }) => {
    let deleted = 0
    for (let batch = BATCH; batch === BATCH;) {
      batch = await tokens.prune(before, BATCH)
      deleted += batch
    }
    answer(terminal, options, { deleted }, `Deleted ${deleted} expired tokens`)
  })
}
