import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runProgram, startProgram } from '../../support/child-program.js'
import { createClient } from './client.js'
import { isRunning, nodeProcesses, readNumber, signal } from './processes.js'

/** Two PostgreSQL nodes under Patroni, with etcd and HAProxy. */
export type Cluster = Awaited<ReturnType<typeof startCluster>>

/** A node of the cluster. */
export type Member = 'node1' | 'node2'

const SCRIPTS = join(import.meta.dirname, '../../../deploy/patroni')
const MEMBERS: Member[] = ['node1', 'node2']
const PORTS = 7
const START_MS = 120_000
const STOP_MS = 45_000
const POLL_MS = 50

/**
 * Starts a cluster by the script that is documented.
 * @param folder an empty folder for all that it writes
 * @throws where a program is missing; the message names Debian's packages
 */
export async function startCluster (folder: string) {
  const program = await startProgram(join(SCRIPTS, 'start'), [folder], /^(postgres:\S+)$/, {
    timeoutMs: START_MS,
    env: { PATH: process.env.PATH, BASE_PORT: String(await freePorts()) }
  })
  const starter = readNumber(join(folder, 'run', 'start.pid')) as number
  const settings = readFileSync(join(folder, 'environment'), 'utf8')
  const patroni = Object.fromEntries(MEMBERS.map((name) => {
    const port = new RegExp(`^${name.toUpperCase()}_REST_PORT=(.*)$`, 'm').exec(settings)?.[1]
    return [name, createClient(`http://127.0.0.1:${port}`)]
  })) as Record<Member, ReturnType<typeof createClient>>
  const frozen = new Set<number>()

  const is = async (name: Member, role: 'primary' | 'synchronous'): Promise<boolean> =>
    (await patroni[name].request('OPTIONS', `/${role}`)).status === 200

  /** @returns when it was so */
  async function until (name: Member, role: 'primary' | 'synchronous', limitMs: number): Promise<number> {
    const end = performance.now() + limitMs
    while (!await is(name, role)) {
      if (performance.now() > end) throw new Error(`${name} was not ${role} within ${limitMs} ms: ${(await ctl('list')).output}`)
      await sleep(POLL_MS)
    }
    return performance.now()
  }

  const ctl = (...args: string[]) => runProgram(join(SCRIPTS, 'ctl'), [folder, ...args])

  return {
    url: program.found,
    until,

    /** Who is the primary, and who is not. */
    async roles (): Promise<{ primary: Member, other: Member }> {
      const [primary] = await Promise.all(MEMBERS.map(async (name) => await is(name, 'primary') ? name : null))
        .then((found) => found.filter((name) => name !== null))
      if (primary === undefined) throw new Error('There is no primary')
      return { primary, other: primary === 'node1' ? 'node2' : 'node1' }
    },

    /** Kills Patroni, the postmaster and all its children, without a word. */
    kill: (name: Member): void => signal(nodeProcesses(folder, name), 'SIGKILL'),

    /** Starts what was killed. */
    revive: (): void => signal([starter], 'SIGHUP'),

    /** Stops every process of a node where it stands, as a machine that hangs. */
    freeze (name: Member): void {
      for (const pid of nodeProcesses(folder, name)) frozen.add(pid)
      signal([...frozen], 'SIGSTOP')
    },

    /** Lets frozen processes go on. */
    thaw (): void {
      signal([...frozen], 'SIGCONT')
      frozen.clear()
    },

    /** Lets Patroni exchange the roles. */
    async switchOver (primary: Member, other: Member): Promise<void> {
      const { code, output, errors } = await ctl('switchover', '--master', primary, '--candidate', other, '--force')
      if (code !== 0) throw new Error(`The switchover failed: ${output}${errors}`)
    },

    async stop (): Promise<void> {
      signal([...frozen], 'SIGCONT')
      signal([starter], 'SIGTERM')
      for (const end = performance.now() + STOP_MS; isRunning(starter) && performance.now() < end;) await sleep(POLL_MS)
      await program.stop()
      for (const name of MEMBERS) {
        signal(nodeProcesses(folder, name), 'SIGKILL')
        patroni[name].close()
      }
    }
  }
}

/** The first of as many ports in a row as the cluster needs. Below those that the kernel hands out by itself. */
async function freePorts (): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = 20_000 + Math.floor(Math.random() * 10_000)
    const free = await Promise.all(Array.from({ length: PORTS }, (_, index) => isFree(base + index)))
    if (free.every(Boolean)) return base
  }
  throw new Error('No free ports were found')
}

function isFree (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
