// Two nodes under load while their database, and the network to it, fail in every way. Ends only what it started.
import { setTimeout as sleep } from 'node:timers/promises'
import { createReport } from '../../support/check-report.js'
import { startDatabase } from './database.js'
import { checkWrites } from './durability.js'
import { createLedger, RECOVERY_MS } from './ledger.js'
import { startLoad } from './load.js'
import { type Node, POOL_SIZE, startNode } from './node.js'
import { inflict, type Phase, phasesOf } from './phases.js'
import { populate } from './population.js'
import { connectionsOf, recover, type Recovery, revokeBySql } from './recovery.js'
import { printTable } from './table.js'

const LIMIT_MS = 4 * 60_000
const CALM_MS = 4_000
const WARM_UP_MS = 6_000
const SEEN_MS = 250
const STOP_MS = 10_000

const report = createReport()
setTimeout(() => {
  report.check(`all of it takes less than ${LIMIT_MS / 60_000} minutes`, false)
  process.exit(report.finish())
}, LIMIT_MS).unref()

const database = await startDatabase()
const ledger = createLedger()
const population = await populate(database.url, ledger)
const nodes: [Node, Node] = [await startNode('node 1', database.url), await startNode('node 2', database.url)]
const load = startLoad(nodes, ledger, population)
const only = process.argv[2] === undefined ? null : new RegExp(process.argv[2])
const recoveries = new Map<string, Recovery[]>()
const worst = (values: number[]) => Math.round(Math.max(...values))

/** What must hold whenever nothing is the matter. */
async function checkCalm (): Promise<void> {
  const delays = await revokeBySql(nodes, database, ledger)
  report.check(`a revocation by SQL is seen on every node within ${SEEN_MS} ms (${worst(delays)} ms)`, worst(delays) <= SEEN_MS)
  const counts = await Promise.all(nodes.map((node) => connectionsOf(node, database)))
  report.check(
    `no node has more than ${POOL_SIZE} + 1 connections (${counts.join(' and ')})`,
    counts.every((count) => count <= POOL_SIZE + 1)
  )
  report.check('both nodes run', nodes.every((node) => node.isRunning()))
}

async function runPhase (phase: Phase): Promise<void> {
  if (!nodes.every((node) => node.isRunning())) throw new Error('A node has ended')
  ledger.begin(phase.title)
  const to = await inflict(phase, (from) => {
    ledger.fault = {
      title: phase.title,
      away: phase.away,
      silent: phase.silent ?? [],
      from,
      to: Infinity
    }
  })
  const fault = ledger.fault
  if (fault === undefined) return
  fault.to = to
  const found = await Promise.all(nodes.map((node) => recover(node, database, load, to)))
  recoveries.set(phase.title, found)
  for (const [index, node] of nodes.entries()) {
    for (const [what, milliseconds] of Object.entries(found[index] as Recovery)) {
      report.check(`${what} works on ${node.name} within ${RECOVERY_MS} ms (${Math.round(milliseconds)} ms)`, milliseconds <= RECOVERY_MS)
    }
  }
  await checkCalm()
  await sleep(CALM_MS)
  for (const node of nodes.filter(({ name }) => phase.long === true && phase.away.includes(name))) {
    const answers = load.ready(node, fault.from)
    report.check(
      `/readyz of ${node.name} says that the database is away`,
      answers.some(({ status, answered }) => status === 503 && answered <= to + RECOVERY_MS)
    )
  }
}

async function stopNodes (): Promise<void> {
  await load.stop()
  // One of them has no network any more.
  nodes[1].proxy.cut()
  for (const node of nodes) {
    const running = node.isRunning()
    const { code, milliseconds } = await node.stop()
    report.check(
      `${node.name} ends in time when it is told to (${code}, ${Math.round(milliseconds)} ms)`,
      running && code === '0' && milliseconds <= STOP_MS
    )
    // What it could not write without a network, it has to say.
    const complaints = node.complaints().filter((line) => node === nodes[0] || !/AUTHTOKEN_USAGE_LOST|--trace-warnings/.test(line))
    report.equal(`${node.name} had nothing to complain of`, complaints, [])
  }
}

ledger.begin('calm')
await sleep(WARM_UP_MS)
await report.section('calm', checkCalm)
for (const phase of phasesOf(database, nodes)) {
  if (only === null || only.test(phase.title)) await report.section(phase.title, () => runPhase(phase))
}
await report.section('acknowledged writes', () => checkWrites(report, database, nodes, ledger))
await report.section('the end', stopNodes)
await report.section('answers', async () => {
  for (const { title, wrong } of ledger.tallies) {
    report.check(
    `${title}: no wrong answer`,
    wrong.length === 0,
    [`${wrong.length} wrong`, ...wrong.slice(0, 20)].join('\n')
    )
  }
})
printTable(ledger.tallies, recoveries)
await database.stop()
process.exitCode = report.finish()
