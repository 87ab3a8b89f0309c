import { setTimeout as sleep } from 'node:timers/promises'
import { openAuthtoken } from '../../src/open-authtoken.js'
import { KEYS, someUsers, timeLookups, type TokenKind } from './time-lookups.js'
import { median } from '../../test/support/statistics.js'

/** What a process for lookups is told to do. */
export interface LookupsCommand {
  /** `cold`: look tokens up that nobody asked for yet; `fill`: remember so many. */
  do: 'cold' | 'fill'
  url: string
  users: number
  lookups: number
  /** Of which tokens. @default both */
  kinds?: TokenKind[]
}

/** What it answers: times in microseconds, memory in bytes. */
export interface LookupsResult {
  first: number
  /** The median. */
  others: number
  heap: number
  rss: number
}

process.once('message', async ({ do: task, url, users, lookups, kinds: names = Object.keys(KEYS) as TokenKind[] }: LookupsCommand) => {
  const authtoken = await openAuthtoken({ database: url, migrate: false })
  const { authenticator } = authtoken
  const kinds = names.map((name) => KEYS[name])
  const keys = someUsers(users, Math.ceil(lookups / kinds.length)).flatMap((user) => kinds.map((keyOf) => keyOf(user)))
  if (task === 'fill') await beginToRemember(keys[0] as string)
  const before = memory()
  const [first, ...others] = await timeLookups(authenticator, keys)
  const { size } = authenticator.statistics
  if (task === 'fill' && size !== keys.length) throw new Error(`Only ${size} of ${keys.length} tokens are remembered`)
  const after = memory()
  process.send?.({
    first: first as number,
    others: median(others),
    heap: after.heap - before.heap,
    rss: after.rss - before.rss
  } satisfies LookupsResult)
  process.disconnect()
  await authtoken.close()

  /** Nothing is remembered before changes are heard of. */
  async function beginToRemember (key: string): Promise<void> {
    await authenticator.authenticate(key)
    while (authenticator.statistics.watch !== 'live') await sleep(10)
  }
})

function memory (): { heap: number, rss: number } {
  global.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed, rss }
}
