import { spawnSync } from 'node:child_process'

/**
 * Lets this process have a core as soon as it wants one, where we may: what holds up the one who measures is not what is
 * measured. Processes that it has started already are left as they are.
 * @returns what a report says of it, and what ends it
 */
export function comeFirst (): { condition: string, end (): void } {
  const chrt = (policy: string, priority: number) =>
    spawnSync('chrt', [policy, '--pid', String(priority), String(process.pid)], { stdio: 'ignore' }).status === 0
  if (!chrt('--fifo', 1)) {
    return {
      condition: 'who measures waits for a core as all others do (no right to SCHED_FIFO), and that counts',
      end () {}
    }
  }
  return { condition: 'who measures has a core at once (SCHED_FIFO)', end () { chrt('--other', 0) } }
}
