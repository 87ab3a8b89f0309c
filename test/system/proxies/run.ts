// Real proxies with the configurations of docs/proxies.md, before the service as it was built. Needs Debian's nginx-light, caddy and haproxy.
// --targets 200000: how many request targets are generated for each.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createReport } from '../../support/check-report.js'
import { checkAbsence } from './absence.js'
import { startBackend } from './backend.js'
import { checkCalls } from './calls.js'
import { checkBodies, checkConnections, checkForgery, checkIdentity, checkPaths, checkRevocation, type Context } from './checks.js'
import { PROGRAMS, startProxy, versionOf } from './programs.js'
import { startRouter } from './router.js'
import { freePort, populate, startService } from './service.js'
import { checkTargets } from './targets.js'

const { targets } = parseArgs({ options: { targets: { type: 'string', default: '2000' } } }).values
// A generated target takes some milliseconds with each proxy.
const LIMIT_MS = 5 * 60_000 + (Number(targets) - 2000) * 30

async function run (): Promise<0 | 1> {
  const versions = await Promise.all(PROGRAMS.map(versionOf))
  const missing = PROGRAMS.filter((_, i) => versions[i] === null).map(({ name }) => name)
  if (missing.length > 0) {
    process.stderr.write(`test:proxies needs the real ${missing.join(' and ')}: apt-get install nginx-light caddy haproxy\n`)
    return 1
  }
  const report = createReport()
  const folder = mkdtempSync(join(tmpdir(), 'authtoken-proxies-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  setTimeout(() => {
    report.check(`all of it takes less than ${LIMIT_MS / 60_000} minutes`, false)
    process.exit(report.finish())
  }, LIMIT_MS).unref()

  const database = `file:${join(folder, 'authtoken.db')}`
  const keys = await populate(database, PROGRAMS.map(({ name }) => name))
  const port = await freePort()
  let service = await startService(database, port)
  const backend = await startBackend()
  const router = await startRouter()
  try {
    for (const [index, program] of PROGRAMS.entries()) {
      const places = { service: port, backend: backend.port, proxy: await freePort() }
      const title = (what: string) => `${program.name}: ${what}`
      await report.section(title(`the configuration of the guide (${versions[index]})`), async () => {
        const proxy = await startProxy(program, places, join(folder, program.name))
        const context: Context = { report, program, backend, keys, proxy: places.proxy, service: port }
        try {
          await report.section(title('who passes'), () => checkIdentity(context))
          await report.section(title('what ends a token'), () => checkRevocation(context))
          await report.section(title('methods and bodies'), () => checkBodies(context))
          await report.section(title('paths'), () => checkPaths(context))
          await report.section(title('targets before a router'), async () => {
            const before = { ...places, backend: router.port, proxy: await freePort() }
            const other = await startProxy(program, before, join(folder, `${program.name}-router`))
            await checkTargets(report, before.proxy, router, keys, Number(targets)).finally(other.stop)
          })
          await report.section(title('a client that says who it is'), () => checkForgery(context))
          await report.section(title('connections'), () => checkConnections(context))
          await report.section(title('the calls of the guide'), () => checkCalls(report, places, keys, folder))
          await report.section(title('the service away'), async () => {
            service = await checkAbsence(context, service, (settings) => startService(
              database,
              port,
              settings
            ))
          })
        } finally {
          await proxy.stop()
        }
      })
    }
  } finally {
    await service.stop()
    backend.stop()
    await router.stop()
  }
  return report.finish()
}

process.exitCode = await run()
