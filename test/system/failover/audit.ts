import type { Report } from '../../support/check-report.js'
import type { Traffic, World } from './traffic.js'

const AT_ONCE = 16

/** Asks both nodes for all that was ever promised, and reports what else was found since the last time. */
export async function audit ({ nodes, admin, ledger }: World, traffic: Traffic, report: Report): Promise<void> {
  await traffic.resolve()
  report.check('each revocation is known to be done or not', traffic.unsure === 0, `${traffic.unsure} are not`)
  const tokens = ledger.tokens.filter(({ reserved }) => !reserved)
  const revoked = tokens.filter((token) => token.revoked !== undefined)
  const valid = tokens.filter((token) => token.revoking === undefined)
  for (const [index, node] of nodes.entries()) {
    const statusOf = async (path: string, token: string) => (await node.request('GET', path, { token })).status
    const [refused, taken, missing] = [
      await filter(valid, async (token) => (await traffic.verify(index, token)).status !== 200),
      await filter(revoked, async (token) => (await traffic.verify(index, token)).status !== 401),
      await filter(ledger.users, async (username) => await statusOf(`/users/${username}/`, admin.token) !== 200)
    ]
    report.check(`node ${index + 1} takes all ${valid.length} tokens`, refused.length === 0, refused.slice(0, 5))
    report.check(`node ${index + 1} refuses all ${revoked.length} revoked tokens`, taken.length === 0, taken.slice(0, 5))
    report.check(`node ${index + 1} knows all ${ledger.users.length} users`, missing.length === 0, missing.slice(0, 5))
  }
  for (const [sentence, found] of ledger.take()) report.check(sentence, found.length === 0, [`${found.length} times`, ...found.slice(0, 5)])
}

/** The items that a test holds for, some at once. */
async function filter<Item> (items: Item[], test: (item: Item) => Promise<boolean>): Promise<Item[]> {
  const found: Item[] = []
  const rest = items.values()
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const item of rest) if (await test(item)) found.push(item)
  }))
  return found
}
