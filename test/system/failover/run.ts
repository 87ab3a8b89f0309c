// Two nodes of the service on a replicated PostgreSQL whose primary is lost under load. Needs Debian's etcd-server, patroni, haproxy and postgresql.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReport } from '../../support/check-report.js'
import { builtProgram } from '../../support/repository.js'
import { type Cluster, startCluster } from './cluster.js'
import { createLedger } from './ledger.js'
import { LOSSES, round } from './rounds.js'
import { type Account, createAccount, type Node, startNode } from './service.js'
import { createTally } from './tally.js'
import { createTraffic } from './traffic.js'

const LIMIT_MS = 235_000
const ACCOUNTS = 4
const ACCESS_TOKEN = /\bfat_[0-9A-Za-z]{36}\b/
const ROUNDS = ['kill', 'switchover', 'freeze', 'kill'] as const

const report = createReport()
const folder = mkdtempSync(join(tmpdir(), 'authtoken-failover-'))
// PostgreSQL runs as another user.
chmodSync(folder, 0o755)
let cluster: Cluster | undefined
const nodes: Node[] = []

async function run (cluster: Cluster): Promise<void> {
  const { url } = cluster
  for (let index = 0; index < 2; index++) nodes.push(await startNode(url))
  const [first] = nodes as [Node, Node]
  const admin = await createAccount(url, first, 'createsuperuser', 'admin')
  const accounts: Account[] = []
  for (let index = 1; index <= ACCOUNTS; index++) accounts.push(await createAccount(url, first, 'createuser', `user-${index}`))

  const world = { nodes, accounts, admin, ledger: createLedger(), tally: createTally() }
  const stage = { ...world, cluster, traffic: createTraffic(world), report }
  world.tally.enter('preparation')
  for (const [index, name] of ROUNDS.entries()) {
    const title = `round ${index + 1}: ${LOSSES[name].title}`
    await report.section(title, () => round(`round ${index + 1}`, LOSSES[name], stage))
    await stage.traffic.pause()
  }

  await report.section('all in all', async () => {
    const secrets = [new URL(url).password, ...[admin, ...accounts].flatMap(({ password, token }) => [password, token])]
    const log = nodes.flatMap((node) => node.log()).join('\n')
    report.check('no log names a password or a token', !secrets.some((secret) => log.includes(secret)) && !ACCESS_TOKEN.test(log))
    const complaints = nodes.flatMap((node) => node.complaints())
    report.check('the nodes complain of nothing but the database', complaints.length === 0, complaints.slice(0, 5))
    report.check(
      `each kind of request was answered well, ${world.tally.total()} requests`,
      world.ledger.users.length > 0 && world.ledger.tokens.some(({ revoked }) => revoked !== undefined)
    )
    report.note(`a node took a token that another had revoked for ${Math.ceil(world.ledger.longestLag)} ms at most`)
    for (const line of world.tally.lines()) report.note(line)
  })
}

async function clean (): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop()))
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function finish (): Promise<never> {
  await clean()
  process.exit(report.finish())
}

setTimeout(() => {
  report.check(`all of it takes less than ${LIMIT_MS / 1000} s`, false)
  finish().catch(() => process.exit(1))
}, LIMIT_MS).unref()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // In place of the end without a wait that programs alone need.
  process.removeAllListeners(signal)
  process.once(signal, () => { clean().then(() => process.exit(1), () => process.exit(1)) })
}

process.once('uncaughtException', (error) => {
  report.check('the test itself holds', false, error)
  finish().catch(() => process.exit(1))
})

try {
  builtProgram()
  cluster = await startCluster(join(folder, 'cluster'))
} catch (error) {
  process.stderr.write(`test:failover has nothing to test. ${(error as Error).message}\n`)
  await clean()
  process.exit(1)
}
const started = cluster
await report.section('a cluster and two nodes', () => run(started))
await finish()
