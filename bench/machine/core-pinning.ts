import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What a process of a bench does: the server that is measured, or the load on it. */
export type Role = 'server' | 'load'

const cores = readCores()

/** Says whether the processes have cores of their own, and which. */
export const pinning = cores === null
  ? 'server and load could not be pinned to cores of their own (taskset of util-linux, and two cores, are needed)'
  : `the server pinned to core ${cores.server}, the load generator to core ${cores.load}`

/** A command whose process stays on the core of its role, where it can be kept there. */
export const pinned = (role: Role, command: string[]): string[] =>
  cores === null ? command : ['taskset', '--cpu-list', String(cores[role]), ...command]

/** Two of the cores that we may use, or null. */
function readCores (): Record<Role, number> | null {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
    const [server, load] = list.split(',').flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number) as [number, number?]
      return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    })
    return server === undefined || load === undefined ? null : { server, load }
  } catch {
    return null
  }
}
