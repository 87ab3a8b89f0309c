// Runs test files: `npm run test:file -- [options of node] <file …>`; with TEST_DIALECT=postgres on PostgreSQL.
import { existsSync } from 'node:fs'
import { compileTests } from './compile-tests.js'
import { runTest } from './run-test.js'

const USAGE = 'npm run test:file -- [options of node] <file.test.ts …>'

const nodeOptions = process.argv.slice(2).filter((argument) => argument.startsWith('-'))
const files = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const wrong = files.find((path) => !path.endsWith('.test.ts') || !existsSync(path))
if (files.length === 0 || wrong !== undefined) {
  console.error(`${wrong === undefined ? 'Which file?' : `${wrong} is no test file.`} ${USAGE}`)
  process.exit(1)
}

await compileTests()
for (const path of files) {
  const passed = await runTest(path, { nodeOptions, print: console.log })
  console.log(`${passed ? 'passed' : 'FAILED'}: ${path}`)
  if (!passed) process.exitCode = 1
}
