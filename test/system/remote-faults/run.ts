// Three applications in remote mode, each a process, while tokens end, the network is cut and the service is killed.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../../support/statistics.js'
import { createClient } from '../../../src/client.js'
import { openAuthtoken } from '../../../src/open-authtoken.js'
import { createReport } from '../../support/check-report.js'
import { startProxy } from '../../support/tcp-proxy.js'
import { ask, hangUp, keepAsking } from './asking.js'
import { startProgram } from './processes.js'

const LIMIT_MS = 90_000
const APPLICATIONS = 3
const TTL_MS = 2_000
const REVOCATIONS = 200
const TARGET_MS = 100
const POLL_MS = 5
const KILLS = 3
const DOWN_MS = 500
// How long after the restart the last of them may take until all answer again.
const RECOVERY_MS = 5_000

const report = createReport()
setTimeout(() => {
  report.check(`all of it takes less than ${LIMIT_MS / 1_000} s`, false)
  process.exit(report.finish())
}, LIMIT_MS).unref()

const folder = mkdtempSync(join(tmpdir(), 'authtoken-remote-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const database = `file:${join(folder, 'authtoken.db')}`
const authtoken = await openAuthtoken({ database, migrate: true, tokens: { limit: 0 } })
const admin = await authtoken.users.create({ username: 'admin', password: null, isSuperuser: true }, { validate: false })
const ann = await authtoken.users.create({ username: 'ann', password: null }, { validate: false })
const [own, boss] = [
  await authtoken.tokens.create(admin, { name: 'remote', scope: 'introspect' }),
  await authtoken.tokens.create(admin, { name: 'boss' })
]
const create = async () => await authtoken.tokens.create(ann)

const serve = (port: number) => startProgram(['src/cli.ts', 'serve'], { DATABASE_URL: database, PORT: String(port) })
let service = await serve(0)
const client = createClient({ url: `http://127.0.0.1:${service.port}`, token: boss.key })
const proxy = await startProxy(service.port)
const applications = await Promise.all(Array.from({ length: APPLICATIONS }, () =>
  startProgram(['test/system/remote-faults/app.ts', `http://127.0.0.1:${proxy.port}`, String(TTL_MS)], { SERVICE_TOKEN: own.key })))
const ports = applications.map(({ port }) => port)

const everywhere = async (key: string, status: number): Promise<boolean> =>
  (await Promise.all(ports.map((port) => ask(port, key)))).every((answer) => answer.status === status)

/** Waits until every application answers so. @returns how long it took */
async function until (key: string, status: number, bound = RECOVERY_MS): Promise<number> {
  const began = performance.now()
  while (!await everywhere(key, status)) {
    if (performance.now() - began > bound) throw new Error(`not every application answers ${status} within ${bound} ms`)
    await sleep(POLL_MS)
  }
  return performance.now() - began
}

/** Waits until every application hears of changes. */
async function untilHeard (): Promise<void> {
  for (const port of ports) {
    for (const deadline = performance.now() + RECOVERY_MS; ; await sleep(20)) {
      const { watch } = await (await fetch(`http://127.0.0.1:${port}/watch`)).json() as { watch: string }
      if (watch === 'live') break
      if (performance.now() > deadline) throw new Error(`an application has no feed: ${watch}`)
    }
  }
}

async function revokeUnderLoad (): Promise<void> {
  const { key } = await create()
  await until(key, 200)
  await untilHeard()
  const load = ports.map((port) => keepAsking(port, key, 25))
  const delays: number[] = []
  let late = 0
  for (let i = 0; i < REVOCATIONS; i++) {
    const victim = await create()
    await until(victim.key, 200)
    const watchers = ports.map((port) => keepAsking(port, victim.key, POLL_MS))
    await client.users.tokens('ann').revoke(victim.id)
    const ended = performance.now()
    while (!watchers.every(({ answers }) => answers.at(-1)?.status === 401)) {
      if (performance.now() - ended > RECOVERY_MS) throw new Error('a revoked token lives on')
      await sleep(POLL_MS)
    }
    for (const answers of await Promise.all(watchers.map((watcher) => watcher.end()))) {
      const refused = answers.findIndex(({ status }) => status === 401)
      delays.push(Math.max(0, (answers[refused] as { answered: number }).answered - ended))
      if (answers.slice(refused).some(({ status }) => status !== 401)) late++
    }
  }
  const others = (await Promise.all(load.map((one) => one.end()))).flat()
  const [p50, p99, most] = [quantile(delays, 0.5), quantile(delays, 0.99), Math.max(...delays)]
  report.note(`${REVOCATIONS} revocations, ${APPLICATIONS} applications: refused after p50 ${p50.toFixed(1)} ms, p99 ` +
    `${p99.toFixed(1)} ms, at most ${most.toFixed(1)} ms`)
  report.check(`p99 from the acknowledgement to the first 401 is at most ${TARGET_MS} ms`, p99 <= TARGET_MS)
  report.equal('never anything else than 401 after a 401, on the same application', late, 0)
  report.equal(
    `the token that was kept was 200 all the time, ${others.length} times`,
    others.filter(({ status }) => status !== 200).length,
    0
  )
}

async function cutNetwork (): Promise<void> {
  const [victim, kept] = [await create(), await create()]
  for (const { key } of [victim, kept]) await until(key, 200)
  proxy.cut()
  const watchers = [victim, kept].map(({ key }) => ports.map((port) => keepAsking(port, key, 20)))
  await client.users.tokens('ann').revoke(victim.id)
  const ended = performance.now()
  await sleep(TTL_MS + 1_500)
  proxy.forget()
  const took = await until(kept.key, 200, 15_000)
  const [ofVictim = [], ofKept = []] = await Promise.all(watchers.map(async (them) => (await Promise.all(them.map((one) => one.end()))).flat()))
  report.note(`${ofVictim.length + ofKept.length} answers; the last 200 of the revoked token was ` +
    `${Math.round(Math.max(...ofVictim.filter(({ status }) => status === 200).map(({ sent }) => sent)) - ended)} ms after its end; ` +
    `all back ${Math.round(took)} ms after the network`)
  report.check(
    'without a network a revoked token was 200 for a while: it is the TTL that ends it',
    ofVictim.some(({ status, sent }) => status === 200 && sent > ended)
  )
  report.equal(
    `no 200 for it that was asked for later than ${TTL_MS} ms`,
    ofVictim.filter(({ status, sent }) => status === 200 && sent > ended + TTL_MS).length,
    0
  )
  report.equal('no 401 for a token that is good', ofKept.filter(({ status }) => status === 401).length, 0)
  report.check('but 503, once nothing is known of it', ofKept.some(({ status }) => status === 503))
  report.equal('once the network is back the revoked token is 401', await everywhere(victim.key, 401), true)
}

async function killService (): Promise<void> {
  const kept = await create()
  await until(kept.key, 200)
  const load = ports.map((port) => keepAsking(port, kept.key, 5))
  const recoveries: number[] = []
  for (let i = 0; i < KILLS; i++) {
    const [before, meanwhile] = [await create(), await create()]
    for (const { key } of [before, meanwhile]) await until(key, 200)
    await untilHeard()
    const watchers = [before, meanwhile].map(({ key }) => ports.map((port) => keepAsking(port, key, 10)))
    await client.users.tokens('ann').revoke(before.id)
    const ends = [performance.now()]
    await service.kill()
    // As another node would, or a command.
    await authtoken.tokens.revoke(ann, meanwhile.id)
    ends.push(performance.now())
    await sleep(DOWN_MS + i * TTL_MS / 2)
    service = await serve(service.port)
    recoveries.push(await until(kept.key, 200))
    for (const { key } of [before, meanwhile]) await until(key, 401)
    await sleep(TTL_MS)
    for (const [index, what] of ['before the kill', 'while the service was away'].entries()) {
      const answers = (await Promise.all((watchers[index] ?? []).map((one) => one.end()))).flat()
      const late = answers.filter(({ status, sent }) => status === 200 && sent > (ends[index] as number) + TTL_MS)
      report.equal(`kill ${i + 1}: no 200 later than ${TTL_MS} ms for a token revoked ${what}`, late.length, 0)
    }
  }
  const answers = (await Promise.all(load.map((one) => one.end()))).flat()
  const count = (status: number) => answers.filter((answer) => answer.status === status).length
  report.note(`${answers.length} answers for a good token over ${KILLS} kills: ${count(200)} × 200, ${count(503)} × 503; all back at ` +
    `most ${Math.round(Math.max(...recoveries))} ms after the service listened`)
  report.equal('never anything but 200 or 503 for a good token', answers.length - count(200) - count(503), 0)
  report.check('and 503 at times: the service was away longer than the TTL', count(503) > 0)
}

await report.section('revocations under light load', revokeUnderLoad)
await report.section('the network is cut', cutNetwork)
await report.section('the service is killed and comes back', killService)
await report.section('the end', async () => {
  hangUp()
  report.equal(
    'the applications end by themselves when they are closed',
    await Promise.all(applications.map((application) => application.stop())),
    ['0', '0', '0']
  )
  report.equal(
    'none of them wrote anything but where it listens',
    applications.filter((application) => application.output().trim().split('\n').length > 1).length,
    0
  )
  proxy.close()
  await service.stop()
  await authtoken.close()
})
process.exitCode = report.finish()
