import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { capacity } from './suites/capacity.js'
import { coldStart } from './suites/cold-start.js'
import { hostUsers } from './suites/host-users.js'
import { importBench } from './suites/import.js'
import { internalServices } from './suites/internal-services.js'
import { logins } from './suites/logins.js'
import { loginFlood } from './suites/login-flood.js'
import { loginTiming } from './suites/login-timing.js'
import { describeMachine } from './machine/describe-machine.js'
import { memory } from './suites/memory.js'
import { type Result, writePerformancePage } from './report/performance-page.js'
import { proxies } from './suites/proxies.js'
import { type Report, printReport } from './report/report.js'
import { revocation } from './suites/revocation.js'
import { scale } from './suites/scale.js'
import { UsageError } from './report/usage-error.js'
import { verification } from './suites/verification.js'
import { workers } from './suites/workers.js'

const RESULTS = join(import.meta.dirname, 'results')

interface Bench {
  run (options: { count: number, only: string[] }): Promise<Report>
  /** What is counted, how many there are where nobody says, and at most. */
  counted?: { what: string, usual: number, most: number }
  /** Whether parts of it can be chosen, for a quick look. */
  divisible?: true
}

const BENCHES: Record<string, Bench> = {
  'login-timing': { run: loginTiming, counted: { what: 'logins of each kind', usual: 50, most: 1_000 } },
  'login-flood': { run: loginFlood },
  capacity: { run: capacity },
  'host-users': { run: hostUsers, counted: { what: 'rounds', usual: 150, most: 10_000 } },
  'internal-services': { run: internalServices, counted: { what: 'rounds', usual: 10, most: 1_000 } },
  import: { run: importBench, counted: { what: 'users', usual: 1_000_000, most: 10_000_000 } },
  proxies: { run: proxies, counted: { what: 'rounds', usual: 20, most: 1_000 } },
  revocation: { run: revocation, counted: { what: 'revocations in all', usual: 10_000, most: 100_000 } },
  scale: { run: scale, counted: { what: 'tokens of the largest database', usual: 10_000_000, most: 10_000_000 } },
  verification: { run: verification, counted: { what: 'rounds', usual: 7, most: 1_000 }, divisible: true },
  'cold-start': { run: coldStart, counted: { what: 'starts', usual: 15, most: 1_000 } },
  memory: { run: memory, counted: { what: 'processes of each', usual: 3, most: 100 } },
  logins: { run: logins, counted: { what: 'rounds', usual: 7, most: 100 } },
  workers: { run: workers, counted: { what: 'rounds', usual: 5, most: 100 } }
}

const HELP = [
  'npm run bench -- [name …] [--count <number>] [--only <part,part>]; without a name: all. Names, what --count counts, and how many ' +
    'otherwise:',
  ...Object.entries(BENCHES).map(([name, { counted }]) => `  ${name}${counted === undefined ? '' : `: ${counted.what}, ${counted.usual}`}`),
  `--only measures parts, keeps nothing, and is for ${Object.keys(BENCHES).filter((name) => BENCHES[name]?.divisible).join(', ')}.`
].join('\n')

function readArguments (): { names: string[], count: number | undefined, only: string[], help: boolean } {
  let parsed
  try {
    parsed = parseArgs({
      options: { count: { type: 'string' }, only: { type: 'string' }, help: { type: 'boolean' } },
      allowPositionals: true
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  const unknown = parsed.positionals.find((name) => !Object.hasOwn(BENCHES, name))
  if (unknown !== undefined) throw new UsageError(`there is no bench ${JSON.stringify(unknown)}`)
  const names = parsed.positionals.length === 0 ? Object.keys(BENCHES) : parsed.positionals
  const count = parsed.values.count === undefined ? undefined : Number(parsed.values.count)
  const most = Math.min(...names.map((name) => BENCHES[name]?.counted?.most ?? Infinity))
  const isCount = count === undefined || (Number.isInteger(count) && count >= 1 && count <= most)
  if (!isCount) throw new UsageError(`--count must be a whole number from 1 to ${most}`)
  const only = parsed.values.only?.split(',') ?? []
  const whole = only.length > 0 && names.find((name) => BENCHES[name]?.divisible !== true)
  if (whole) throw new UsageError(`--only is not for ${whole}`)
  return { names, count, only, help: parsed.values.help === true }
}

async function run (name: string, count: number | undefined, only: string[]): Promise<Result> {
  const { run, counted } = BENCHES[name] as Bench
  const machine = describeMachine()
  console.log(`${name}: ${machine}`)
  const report = await run({ count: count ?? counted?.usual ?? 1, only })
  printReport(report)
  const command = `npm run bench -- ${name}${count === undefined ? '' : ` --count ${count}`}`
  return { name, command, machine, at: new Date().toISOString(), ...report }
}

function keep (result: Result): void {
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(join(RESULTS, `${result.name}.json`), `${JSON.stringify(result, null, 2)}\n`)
  writePerformancePage(result)
}

// The temporary folders and processes go in handlers of 'exit', which a signal alone would not run.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

try {
  const { names, count, only, help } = readArguments()
  const results = []
  if (help) console.log(HELP)
  for (const name of help ? [] : names) {
    const result = await run(name, count, only)
    if (only.length === 0) keep(result)
    results.push(result)
  }
  process.exitCode = results.every(({ met }) => met) ? 0 : 1
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`bench: ${error.message}\n${HELP}`)
  process.exitCode = 1
}
