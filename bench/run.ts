import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { capacity } from './capacity.js'
import { importBench } from './import.js'
import { loginFlood } from './login-flood.js'
import { loginTiming } from './login-timing.js'
import { describeMachine } from './machine.js'
import { type Report, printReport } from './report.js'
import { revocation } from './revocation.js'

const RESULTS = join(import.meta.dirname, 'results')

interface Bench {
  run (options: { count: number }): Promise<Report>
  /** What is counted, how many there are where nobody says, and at most. */
  counted?: { what: string, usual: number, most: number }
}

const BENCHES: Record<string, Bench> = {
  'login-timing': { run: loginTiming, counted: { what: 'logins of each kind', usual: 50, most: 1_000 } },
  'login-flood': { run: loginFlood },
  capacity: { run: capacity },
  import: { run: importBench, counted: { what: 'users', usual: 1_000_000, most: 10_000_000 } },
  revocation: { run: revocation, counted: { what: 'revocations in all', usual: 10_000, most: 100_000 } }
}

const COUNTED = Object.entries(BENCHES).flatMap(([name, { counted }]) => counted === undefined ? [] : [`${name}: ${counted.what}, ${counted.usual}`])
const HELP = `npm run bench -- [${Object.keys(BENCHES).join(' | ')}] [--count <number>] (${COUNTED.join('; ')})`

class UsageError extends Error {}

function readArguments (): { names: string[], count: number | undefined } {
  let parsed
  try {
    parsed = parseArgs({ options: { count: { type: 'string' } }, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  const unknown = parsed.positionals.find((name) => !Object.hasOwn(BENCHES, name))
  if (unknown !== undefined) throw new UsageError(`there is no bench ${JSON.stringify(unknown)}`)
  const names = parsed.positionals.length === 0 ? Object.keys(BENCHES) : parsed.positionals
  const count = parsed.values.count === undefined ? undefined : Number(parsed.values.count)
  const most = Math.min(...names.map((name) => BENCHES[name]?.counted?.most ?? Infinity))
  if (count !== undefined && (!Number.isInteger(count) || count < 1 || count > most)) throw new UsageError(`--count must be a whole number from 1 to ${most}`)
  return { names, count }
}

async function run (name: string, count: number | undefined): Promise<boolean> {
  const { run, counted } = BENCHES[name] as Bench
  const machine = describeMachine()
  console.log(`${name}: ${machine}`)
  const report = await run({ count: count ?? counted?.usual ?? 1 })
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
