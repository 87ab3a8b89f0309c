import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../../test/support/child-program.js'
import { withFolder } from '../machine/temporary-folder.js'
import { CONNECTIONS, TIMEOUT_S, type LoadGenerator } from './load-generator.js'
import { pinned } from '../machine/core-pinning.js'

/** wrk (Debian's package `wrk`), or null where it is not installed. */
export async function findWrk (): Promise<LoadGenerator | null> {
  const version = await runProgram('wrk', ['--version']).then(({ output }) => /^wrk (\S+)/.exec(output)?.[1], () => undefined)
  return version === undefined ? null : { name: `wrk ${version}`, takesTurns: true, run }
}

const run: LoadGenerator['run'] = (port, authorization, seconds) => withFolder(async (folder) => {
  const headers = join(folder, 'headers')
  writeFileSync(headers, authorization.join('\n'))
  const one = authorization.map((header) => ['--header', `Authorization: ${header}`])[0] ?? []
  const [before, after] = authorization.length > 1 ? [['--script', join(import.meta.dirname, 'wrk.lua')], ['--', headers]] : [one, []]
  const [command, ...args] = pinned('load', [
    'wrk', '--threads', '1', '--connections', String(CONNECTIONS), '--duration', `${seconds}s`, '--timeout', `${TIMEOUT_S}s`, ...before,
    `http://127.0.0.1:${port}/`, ...after
  ]) as [string, ...string[]]
  const { code, output, errors } = await runProgram(command, args)
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0)
  const rate = number(/^Requests\/sec:\s+([\d.]+)$/m)
  if (code !== 0 || rate === 0) throw new Error(`wrk ended with ${code}: ${errors}${output}`)
  return {
    rate,
    answers: number(/^\s+(\d+) requests in /m),
    refusals: number(/^\s+Non-2xx or 3xx responses: (\d+)$/m),
    failures: number(/Socket errors: connect (\d+)/) + number(/Socket errors: .* write (\d+)/) + number(/Socket errors: .* timeout (\d+)/)
  }
})
