import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '../..')
const CLI = ['--import', 'tsx', join(ROOT, 'src', 'cli.ts')]
const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 15_000

/** A running service. */
export interface Service {
  port: number
  stop (): Promise<void>
}

/** Settings, as the environment holds them. */
type Settings = Record<string, string>

// The caller's own settings must not reach the service.
const environment = (settings: Settings) => ({ PATH: process.env.PATH ?? '', ...settings })

/** Runs a command of the CLI to its end. */
export async function runCommand (args: string[], settings: Settings): Promise<void> {
  await promisify(execFile)(process.execPath, [...CLI, ...args], { cwd: ROOT, env: environment(settings), timeout: START_TIMEOUT_MS })
}

/**
 * Starts the service as a process of its own, on a free port of the loopback.
 * @param folder where its log goes
 * @param name of the log, where there are several
 */
export async function startService (folder: string, settings: Settings, name = 'service'): Promise<Service> {
  const log = join(folder, `${name}.log`)
  const file = openSync(log, 'w', 0o600)
  const child = spawn(process.execPath, [...CLI, 'serve'], {
    cwd: ROOT,
    env: environment({ HOST: '127.0.0.1', PORT: '0', ...settings }),
    stdio: ['ignore', file, file]
  })
  closeSync(file)
  const kill = () => { child.kill('SIGKILL') }
  process.once('exit', kill)
  const stop = async () => {
    await end(child)
    process.off('exit', kill)
  }
  try {
    return { port: await findPort(child, log), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function findPort (child: ChildProcess, log: string): Promise<number> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (performance.now() < deadline && isRunning(child)) {
    const port = /Server listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(readFileSync(log, 'utf8'))?.[1]
    if (port !== undefined) return Number(port)
    await sleep(50)
  }
  throw new Error(`The service did not start:\n${readFileSync(log, 'utf8')}`)
}

async function end (child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}

const isRunning = (child: ChildProcess) => child.exitCode === null && child.signalCode === null
