import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../support/repository.js'
import { environment } from '../../support/child-program.js'

const START_MS = 30_000
const STOP_MS = 5_000

const running = new Set<ChildProcess>()
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')))

/** A program that listens. */
export type Program = Awaited<ReturnType<typeof startProgram>>

/**
 * Starts a program of this repository, and waits until it says where it listens.
 * @param args of node, the program first
 */
export async function startProgram (args: string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    cwd: ROOT,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe']
  })
  running.add(child)
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child)
    return `${code ?? signal}`
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk })
  const portOf = () => /listening at http:\/\/127\.0\.0\.1:(\d+)/i.exec(output)?.[1]
  for (const deadline = performance.now() + START_MS; portOf() === undefined; await sleep(20)) {
    if (performance.now() > deadline || !running.has(child)) throw new Error(`${args.join(' ')} did not start: ${output}`)
  }

  return {
    port: Number(portOf()),
    /** What it wrote so far. */
    output: () => output,
    /** Ends it as a crash does. */
    async kill (): Promise<void> {
      child.kill('SIGKILL')
      await ended
    },
    /** Tells it to stop. @returns its exit code, or the signal that was needed */
    async stop (): Promise<string> {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      const code = await ended
      clearTimeout(late)
      return code
    }
  }
}
