// All tests: each file on SQLite, with the coverage of every line; each `*.each-database.test.ts` on PostgreSQL too. One server is
// there for both: TEST_POSTGRES_URL's where that is set, and one of this run's own otherwise.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { COMPILED, compileTests, ROOT } from './compile-tests.js'
import { runTest } from './run-test.js'

// Some tests wait most of the time.
const AT_ONCE = availableParallelism() + 1
const NODE_V8_COVERAGE = join(ROOT, 'coverage', 'v8')

const began = performance.now()
const counts = { passed: 0, failed: 0 }

rmSync(NODE_V8_COVERAGE, { recursive: true, force: true })
await compileTests()
const { postgresUrl } = await import(join(COMPILED, 'test/support/postgres/server.js'))
const env = { TEST_POSTGRES_URL: await postgresUrl() }
const files = readdirSync(
  join(ROOT, 'test'),
  { recursive: true }
).filter((path) => path.endsWith('.test.ts')).map((path) => join('test', path)).sort()
const onSqlite = files.map((path) => ({ path, database: 'SQLite', env: { ...env, NODE_V8_COVERAGE } }))
const onPostgres = files.filter((path) => path.endsWith('.each-database.test.ts'))
  .map((path) => ({ path, database: 'PostgreSQL', env: { ...env, TEST_DIALECT: 'postgres' } }))

const queue = [...onSqlite, ...onPostgres]
let toCover = onSqlite.length
let coverage
await Promise.all(Array.from({ length: AT_ONCE }, work))
await coverage
console.log(`${counts.passed} passed, ${counts.failed} failed, in ${secondsSince(began)} s`)
process.exitCode = counts.failed === 0 ? 0 : 1

async function work () {
  for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
    await run(job)
    if (job.database === 'SQLite' && --toCover === 0) coverage = checkCoverage()
  }
}

/** What a file that fails has to say comes in one piece, as soon as it has ended. */
async function run ({ path, database, env }) {
  const began = performance.now()
  const lines = []
  const passed = await runTest(path, { env, print: (line) => lines.push(line) })
  if (!passed) console.log(lines.join('\n'))
  count(passed, `${path} (${database})`, began)
}

async function checkCoverage () {
  const began = performance.now()
  const [code] = await once(spawn(process.execPath, [join(ROOT, 'scripts/check-coverage.js')], { stdio: 'inherit' }), 'exit')
  count(code === 0, 'every line is covered', began)
}

function count (passed, what, began) {
  counts[passed ? 'passed' : 'failed']++
  console.log(`${passed ? 'ok' : 'FAILED'} ${what}, ${secondsSince(began)} s`)
}

function secondsSince (began) {
  return Math.round((performance.now() - began) / 1000)
}
