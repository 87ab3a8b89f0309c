import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { capacity } from './capacity.js'
import { loginFlood } from './login-flood.js'
import { loginTiming } from './login-timing.js'
import { describeMachine } from './machine.js'
import { type Report, printReport } from './report.js'

const RESULTS = join(import.meta.dirname, 'results')

const BENCHES: Record<string, (options: { count: number }) => Promise<Report>> = {
  'login-timing': loginTiming,
  'login-flood': loginFlood,
  capacity
}

const HELP = `npm run bench -- [${Object.keys(BENCHES).join(' | ')}] [--count <logins of each kind, for login-timing>]`

class UsageError extends Error {}

function readArguments (): { names: string[], count: number } {
  let parsed
  try {
    parsed = parseArgs({ options: { count: { type: 'string', default: '50' } }, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  const unknown = parsed.positionals.find((name) => !Object.hasOwn(BENCHES, name))
  if (unknown !== undefined) throw new UsageError(`there is no bench ${JSON.stringify(unknown)}`)
  const count = Number(parsed.values.count)
  if (!Number.isInteger(count) || count < 1 || count > 1000) throw new UsageError('--count must be a whole number from 1 to 1000')
  return { names: parsed.positionals.length === 0 ? Object.keys(BENCHES) : parsed.positionals, count }
}

async function run (name: string, count: number): Promise<boolean> {
  const machine = describeMachine()
  console.log(`${name}: ${machine}`)
  const report = await (BENCHES[name] as typeof loginTiming)({ count })
  printReport(report)
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(join(RESULTS, `${name}.json`), `${JSON.stringify({ name, machine, at: new Date().toISOString(), ...report }, null, 2)}\n`)
  return report.met
}

// The temporary folders and processes go in handlers of 'exit', which a signal alone would not run.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

try {
  const { names, count } = readArguments()
  const met = []
  for (const name of names) met.push(await run(name, count))
  process.exitCode = met.every(Boolean) ? 0 : 1
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`bench: ${error.message}; use ${HELP}`)
  process.exitCode = 1
}
