import { setTimeout as sleep } from 'node:timers/promises'
import type { Report } from '../../support/check-report.js'
import type { Answer } from './client.js'
import { audit } from './audit.js'
import type { Cluster, Member } from './cluster.js'
import { type KnownToken, RECOVERY_MS } from './ledger.js'
import type { Traffic, World } from './traffic.js'

/** What the rounds are about. */
export interface Stage extends World {
  cluster: Cluster
  traffic: Traffic
  report: Report
}

/** A way to lose the primary. */
export interface Loss {
  title: string
  /** Loses it. */
  begin (cluster: Cluster, primary: Member, other: Member): void | Promise<void>
  /** Brings back what was lost, once another is primary. */
  end (cluster: Cluster): void
}

/** How the primary is lost, by turns. */
export const LOSSES = {
  kill: {
    title: 'the primary and its Patroni are killed',
    begin: (cluster, primary) => cluster.kill(primary),
    end: (cluster) => cluster.revive()
  },
  switchover: {
    title: 'the roles are exchanged',
    begin: (cluster, primary, other) => cluster.switchOver(primary, other),
    end: () => {}
  },
  freeze: {
    title: 'the primary and its Patroni hang',
    begin: (cluster, primary) => cluster.freeze(primary),
    end: (cluster) => cluster.thaw()
  }
} satisfies Record<string, Loss>

const PROMOTION_MS = 30_000
const REJOIN_MS = 40_000
const QUIET_MS = 3_000
const PROBE_INTERVAL_MS = 100
const PROBE_MS = 10_000

/** Loses the primary under load, measures how long it takes until all is well again, and asks for all that was promised. */
export async function round (name: string, loss: Loss, stage: Stage): Promise<void> {
  const { cluster, traffic, report, ledger, tally, nodes } = stage
  const reserved = await Promise.all(nodes.map(async (_, node) => await traffic.create(node, true) ?? fail(`node ${node + 1} makes no tokens`)))
  tally.enter(`${name}, before`)
  traffic.resume()
  await sleep(QUIET_MS)

  const { primary, other } = await cluster.roles()
  tally.enter(`${name}, without a primary`)
  ledger.disturb()
  const start = performance.now()
  const done = loss.begin(cluster, primary, other)
  const promoted = await cluster.until(other, 'primary', PROMOTION_MS)
  ledger.settle(promoted)
  tally.enter(`${name}, with a new primary`)
  report.check(`${other} is primary: after ${seconds(promoted - start)}`, true)

  const back = await Promise.all(nodes.flatMap((_, node) => [
    firstGood(promoted, () => traffic.verify(node, reserved[node] as KnownToken)),
    firstGood(promoted, () => traffic.exchange(node))
  ]))
  for (const [index, milliseconds] of back.entries()) {
    report.check(
      `${index % 2 === 0 ? 'verification of a new token' : 'exchange'} is back on node ${Math.floor(index / 2) + 1}: after ` +
        `${seconds(milliseconds)}`,
      milliseconds <= RECOVERY_MS
    )
  }
  await done

  tally.enter(`${name}, the other node comes back`)
  loss.end(cluster)
  const since = performance.now()
  const rejoined = await cluster.until(primary, 'synchronous', REJOIN_MS).catch((error: Error) => error)
  report.check(
    `${primary} comes back as synchronous standby${typeof rejoined === 'number' ? `: after another ${seconds(rejoined - since)}` : ''}`,
    typeof rejoined === 'number',
    rejoined
  )
  await sleep(QUIET_MS)
  await traffic.pause()
  for (const token of reserved) token.reserved = false
  tally.enter(`${name}, audit`)
  await audit(stage, traffic, report)
}

/** Asks every now and then, whether or not the last answer is there. @returns the time from a moment to the first good answer */
async function firstGood (from: number, ask: () => Promise<Answer>): Promise<number> {
  const end = performance.now() + PROBE_MS
  const found = { at: Infinity }
  const asked: Array<Promise<void>> = []
  while (found.at === Infinity && performance.now() < end) {
    asked.push(ask().then(({ status, answered }) => { if (status === 200) found.at = Math.min(found.at, answered) }))
    await sleep(PROBE_INTERVAL_MS)
  }
  await Promise.all(asked)
  return found.at - from
}

function fail (message: string): never {
  throw new Error(message)
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`
