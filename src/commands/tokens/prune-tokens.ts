import { readWholeNumber } from '../arguments.js'
import { answer, type CommonFlags, type Terminal, withAuthtoken } from '../terminal.js'

const BATCH = 500
const DAY_MS = 86_400_000
const MAX_DAYS = 36_525

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
