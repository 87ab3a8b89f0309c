import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/**
 * All processes of one node of the cluster: Patroni, the postmaster and its children. Each is proven to be the node's own.
 * @param folder of the cluster
 * @param name of the node
 */
export function nodeProcesses (folder: string, name: string): number[] {
  const patroni = readNumber(join(folder, 'run', `${name}.pid`))
  const data = join(folder, name, 'data')
  const postmaster = readNumber(join(data, 'postmaster.pid'))
  return [
    // First Patroni, which would start the rest again.
    ...(patroni !== null && commandOf(patroni).includes(join(folder, 'patroni.yml')) ? [patroni] : []),
    ...(postmaster !== null && workingFolderOf(postmaster) === data ? [postmaster, ...childrenOf(postmaster)] : [])
  ]
}

/** Sends a signal to processes; those that are gone by now are left out. */
export function signal (pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It ended meanwhile.
    }
  }
}

/** Whether a process is there. */
export function isRunning (pid: number): boolean {
  return readState(pid) !== null
}

/** A number at the beginning of a file, or null. */
export function readNumber (path: string): number | null {
  const text = read(path)
  return text === null ? null : Number.parseInt(text, 10)
}

function childrenOf (parent: number): number[] {
  return readdirSync('/proc').map(Number).filter((pid) => pid > 0 && readState(pid)?.parent === parent)
}

/** What the kernel says, unless the process is a zombie. */
function readState (pid: number): { parent: number } | null {
  const text = read(`/proc/${pid}/stat`)
  if (text === null) return null
  // The name before it, in brackets, may hold anything.
  const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' ? null : { parent: Number(parent) }
}

const commandOf = (pid: number): string[] => (read(`/proc/${pid}/cmdline`) ?? '').split('\0')

function workingFolderOf (pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return null
  }
}

function read (path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
