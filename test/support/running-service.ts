import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { until } from './until.js'

const CLI = fileURLToPath(import.meta.resolve('../../src/cli.js'))

/** The program, running. */
export interface Running {
  child: ChildProcess
  /** Resolves with its exit code when it has ended, and all that it started. */
  closed: Promise<number | null>
  output: () => string
  errors: () => string
}

/** The program as a process of its own, ended behind the test. */
export function start (t: Test, args: string[], env: NodeJS.ProcessEnv): Running {
  const loaders = process.execArgv.filter((argument) => !argument.startsWith('--inspect'))
  const child = spawn(process.execPath, [...loaders, CLI, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => { child.kill('SIGKILL') })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk) => { output += chunk })
  child.stderr.on('data', (chunk) => { errors += chunk })
  return { child, closed: once(child, 'close').then(([code]) => code), output: () => output, errors: () => errors }
}

const LISTENING = /"pid":(\d+).*listening at (http:\/\/[^"]+)"/g

/** Waits until so many processes listen. @returns where, and their process ids */
export async function listening ({ child, output, errors }: Running, processes = 1): Promise<{ address: string, pids: number[] }> {
  const found = () => [...output().matchAll(LISTENING)]
  await until(() => {
    if (child.exitCode !== null) throw new Error(errors())
    return found().length >= processes
  })
  return { address: found()[0]?.[2] as string, pids: found().map(([, pid]) => Number(pid)) }
}
