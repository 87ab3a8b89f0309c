import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultyDatabase } from './database.js'
import type { Node } from './node.js'

/** A fault, and the end of it. */
export interface Phase {
  title: string
  /** The names of the nodes that may answer 503, and of those to which nothing says that the database is away. */
  away: string[]
  silent?: string[]
  /** Whether the database is away for so long that `/readyz` must say so. */
  long?: boolean
  begin (): unknown
  /** For how long it lasts, in milliseconds. */
  lasts: number
  end? (): unknown
}

const DOWN_MS = 3_000
const PAUSE_MS = 10_000
const CUT_MS = 6_000
const LOST_MS = 3_000

/** Everything that is done to the database and to the network of the second node, in order. */
export function phasesOf (database: FaultyDatabase, [first, second]: [Node, Node]): Phase[] {
  const both = [first.name, second.name]
  const down = (title: string, signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Phase =>
    ({ title, away: both, long: true, begin: () => database.kill(signal), lasts: DOWN_MS, end: database.start })
  return [
    down('stopped fast', 'SIGINT'),
    down('stopped immediately', 'SIGQUIT'),
    down('killed', 'SIGKILL'),
    { title: 'paused', away: both, silent: both, long: true, begin: database.pause, lasts: PAUSE_MS, end: database.resume },
    { title: 'all connections ended', away: both, begin: () => database.terminate('true'), lasts: 0 },
    { title: 'listeners ended', away: [], begin: () => database.terminate("application_name = 'fastify-authtoken listener'"), lasts: 0 },
    {
      title: 'network cut silently',
      away: [second.name],
      silent: [second.name],
      long: true,
      begin: second.proxy.cut,
      lasts: CUT_MS,
      end: second.proxy.restore
    },
    {
      title: 'connections forgotten',
      away: [second.name],
      silent: [second.name],
      long: true,
      begin: second.proxy.cut,
      lasts: LOST_MS,
      end: second.proxy.forget
    },
    { title: 'network severed', away: [second.name], long: true, begin: second.proxy.sever, lasts: DOWN_MS, end: second.proxy.restore }
  ]
}

/** Runs a phase. @returns when it began and ended */
export async function inflict ({ begin, lasts, end }: Phase, onBegin: (from: number) => void): Promise<number> {
  onBegin(performance.now())
  await begin()
  await sleep(lasts)
  await end?.()
  return performance.now()
}
