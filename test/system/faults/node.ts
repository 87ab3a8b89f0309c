import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../support/repository.js'
import { environment } from '../../support/child-program.js'
import { type Answer, ask, type Question } from './client.js'
import { type Proxy, startProxy } from '../../support/tcp-proxy.js'

const START_MS = 30_000
const STOP_MS = 15_000

/** Connections of each node's pool. */
export const POOL_SIZE = 10

const running = new Set<ChildProcess>()
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')))

/** A service process, with a network of its own to the database. */
export type Node = Awaited<ReturnType<typeof startNode>>

/**
 * Starts a node.
 * @param url of the database; the node sees it through its proxy
 */
export async function startNode (name: string, url: string) {
  const proxy: Proxy = await startProxy(Number(new URL(url).port))
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'serve'], {
    cwd: ROOT,
    env: environment({
      DATABASE_URL: Object.assign(new URL(url), { port: String(proxy.port) }).href,
      DATABASE_POOL_SIZE: String(POOL_SIZE),
      TOKEN_LIMIT: '0',
      PASSWORD_REHASH: 'off',
      PORT: '0'
    }),
    stdio: ['ignore', 'pipe', 'pipe']
  })
  running.add(child)
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child)
    return `${code ?? signal}`
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk) => { output += chunk })
  child.stderr.on('data', (chunk) => { errors += chunk })

  const portOf = () => /Server listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]
  for (const deadline = performance.now() + START_MS; portOf() === undefined; await sleep(20)) {
    if (performance.now() > deadline || !running.has(child)) throw new Error(`${name} did not start: ${output}${errors}`)
  }
  const port = Number(portOf())
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 })

  return {
    name,
    proxy,
    isRunning: () => running.has(child),
    /** What it wrote to standard error, and what its log says of an end by an error. */
    complaints: (): string[] => [
      ...errors.split('\n'),
      ...output.split('\n').filter((line) => line.includes('stopped by an error'))
    ].filter((line) => line !== ''),
    ask: (question: Question): Promise<Answer> => ask(agent, port, question),
    /** Tells it to stop. @returns its exit code, and how long it took */
    async stop (): Promise<{ code: string, milliseconds: number }> {
      agent.destroy()
      const began = performance.now()
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      const code = await ended
      clearTimeout(late)
      proxy.close()
      return { code, milliseconds: performance.now() - began }
    }
  }
}
