import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../../test/support/child-program.js'
import { pinned } from '../machine/core-pinning.js'
import { CONNECTIONS, TIMEOUT_S, type LoadGenerator } from './load-generator.js'

const FOLDER = join(import.meta.dirname, '../../node_modules/autocannon')
const COMMAND = [process.execPath, join(FOLDER, 'autocannon.js'), '--json']

/** The load generator that is always there. */
export const autocannon: LoadGenerator = {
  name: `autocannon ${JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')).version}`,
  takesTurns: false,
  async run (port, [authorization], seconds) {
    const headers = authorization === undefined ? [] : ['--headers', `Authorization=${authorization}`]
    const { requests, duration, non2xx, errors } = await run(pinned('load', [
      ...COMMAND, '--connections', String(CONNECTIONS), '--duration', String(seconds), '--timeout', String(TIMEOUT_S), ...headers,
      `http://127.0.0.1:${port}/`
    ]))
    return { rate: requests.total / duration, answers: requests.total, refusals: non2xx, failures: errors }
  }
}

/** What `rateOfWhoAmI` is told. */
export interface WhoAmILoad { port: number, token: string, connections: number, seconds: number }

/** How often a second a service answers `GET /users/me/`. @throws where an answer is not 200. Not pinned to a core */
export async function rateOfWhoAmI ({ port, token, connections, seconds }: WhoAmILoad): Promise<number> {
  const { requests, non2xx, errors } = await run([
    ...COMMAND, '--connections', String(connections), '--duration', String(seconds), '--headers', `Authorization=Token ${token}`,
    `http://127.0.0.1:${port}/users/me/`
  ])
  if (non2xx > 0 || errors > 0) throw new Error(`${non2xx} answers were not 200, ${errors} requests failed`)
  return requests.average
}

async function run ([program, ...args]: string[]) {
  const { code, output, errors } = await runProgram(program as string, args)
  if (code !== 0) throw new Error(`autocannon ended with ${code}: ${errors}`)
  return JSON.parse(output)
}
