import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../../test/system/django/program.js'
import { CONNECTIONS, TIMEOUT_S, type LoadGenerator } from './load-generator.js'
import { pinned } from '../machine/pinned.js'

const FOLDER = join(import.meta.dirname, '../../node_modules/autocannon')

/** The load generator that is always there. */
export const autocannon: LoadGenerator = {
  name: `autocannon ${JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')).version}`,
  takesTurns: false,
  async run (port, [authorization], seconds) {
    const headers = authorization === undefined ? [] : ['--headers', `Authorization=${authorization}`]
    const [command, ...args] = pinned('load', [process.execPath, join(FOLDER, 'autocannon.js'), '--json', '--connections', String(CONNECTIONS), '--duration', String(seconds), '--timeout', String(TIMEOUT_S), ...headers, `http://127.0.0.1:${port}/`]) as [string, ...string[]]
    const { code, output, errors } = await runProgram(command, args)
    if (code !== 0) throw new Error(`autocannon ended with ${code}: ${errors}`)
    const { requests, duration, non2xx, errors: failures } = JSON.parse(output)
    return { rate: requests.total / duration, answers: requests.total, refusals: non2xx, failures }
  }
}
