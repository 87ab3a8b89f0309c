import { readdirSync, readFileSync } from 'node:fs'

// USER_HZ, which Linux has fixed for what it tells in /proc.
const TICKS_A_SECOND = 100
const GROUP = 2
const USER = 11
const SYSTEM = 12

/**
 * The processor's seconds that a process group has used so far. What others do on the same core is not in it.
 * @param group the id of its leader
 * @returns NaN where there is no /proc
 */
export function processorTime (group: number): number {
  try {
    const ticks = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => ticksOf(pid, group))
    return ticks.reduce((sum, own) => sum + own, 0) / TICKS_A_SECOND
  } catch {
    return NaN
  }
}

function ticksOf (pid: string, group: number): number {
  try {
    // The name of the program, in brackets, may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ').map(Number)
    return fields[GROUP] === group ? fields[USER] as number + (fields[SYSTEM] as number) : 0
  } catch {
    // It has ended.
    return 0
  }
}
