/**
 * All tests: with SQLite and the coverage of every line, then on PostgreSQL those that know no dialect. One server is
 * there for both rounds: TEST_POSTGRES_URL's where that is set, and one of this run's own otherwise.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { compileTests } from './support/compile-tests.js'
import { postgresUrl } from './support/postgres/server.js'

const root = join(import.meta.dirname, '..')
const coverage = join(root, 'coverage', 'v8')
const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts')).map((path) => join('test', path))
const env = { ...process.env, TEST_POSTGRES_URL: await postgresUrl(), TAP_TIMEOUT: '240' }

rmSync(coverage, { recursive: true, force: true })
const folder = await compileTests()
await round('SQLite', files, { NODE_V8_COVERAGE: coverage })
await step('Coverage', [join(root, 'scripts', 'check-coverage.js')], {})
await round('PostgreSQL', files.filter((path) => path.endsWith('.each-database.test.ts')), { TEST_DIALECT: 'postgres' })

/** A test file is a program: tap's own runner is more work than most of them. */
async function round (title: string, files: string[], more: NodeJS.ProcessEnv) {
  await step(title, ['--test', '--test-reporter', 'dot', '--test-concurrency', '2', ...files.map((path) => path.replace(/ts$/, 'js'))], more)
}

/** A round that fails lets the others run: all that is wrong is seen at once. */
async function step (title: string, args: string[], more: NodeJS.ProcessEnv) {
  console.log(`\n=== ${title}`)
  const began = performance.now()
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...env, ...more }, stdio: 'inherit' })
  const stop = (signal: NodeJS.Signals) => { child.kill(signal) }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  const [code, signal] = await once(child, 'exit')
  process.off('SIGINT', stop).off('SIGTERM', stop)
  console.log(`=== ${title}: ${code === 0 ? 'passed' : 'FAILED'} in ${Math.round((performance.now() - began) / 1000)} s`)
  if (code !== 0) process.exitCode = 1
  if (signal !== null) process.exit(1)
}
