import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { COMPILED, outputOf } from './compile-tests.js'

// Assertions that hold within a test, and what frames them.
const PASSING = /^(\s+(ok \d|1\.\.\d)|\s*# Subtest|\s*$)/

/** How long a test may take, in seconds. */
const TAP_TIMEOUT = '240'

const running = new Set()

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) child.kill(signal)
    process.exit(1)
  })
}

/**
 * Runs a test file, which is a program: tap's assertions write what they find, and the exit code says whether all hold.
 * @param path of its TypeScript, compiled by `compileTests`
 * @param options.env beside this process's own
 * @param options.nodeOptions for node, before the file
 * @param options.print what takes the lines that say more than that an assertion holds
 * @returns whether all assertions hold
 */
export async function runTest (path, { env = {}, nodeOptions = [], print }) {
  const args = ['--enable-source-maps', ...nodeOptions, outputOf(resolve(path))]
  const child = spawn(process.execPath, args, {
    cwd: COMPILED,
    env: { TAP_TIMEOUT, ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  running.add(child)
  const ended = once(child, 'close')
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on(
      'line',
      (line) => { if (!PASSING.test(line)) print(line) }
    )
  }
  const [code] = await ended
  running.delete(child)
  return code === 0
}
