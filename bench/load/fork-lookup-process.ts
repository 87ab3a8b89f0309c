import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { LookupsCommand, LookupsResult } from './lookup-process.js'

/** Has a new process look tokens up. */
export async function lookUpInProcess (command: LookupsCommand): Promise<LookupsResult> {
  const child = fork(join(import.meta.dirname, 'lookup-process.ts'), { execArgv: ['--expose-gc', '--import', 'tsx'] })
  const kill = () => { child.kill('SIGKILL') }
  process.once('exit', kill)
  try {
    const answer = once(child, 'message')
    child.send(command)
    const failed = once(child, 'exit').then(([code]) => { throw new Error(`A process for lookups ended with ${code}`) })
    const [result] = await Promise.race([answer, failed])
    await failed.catch(() => {})
    return result as LookupsResult
  } finally {
    process.off('exit', kill)
  }
}
