import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { drfKeyOf, makeManyTokens } from '../../test/support/many-tokens.js'
import { timeToFirstAnswer } from '../load/time-to-first-answer.js'
import { withFolder } from '../machine/temporary-folder.js'
import type { Report } from '../report/report.js'
import { median, round } from '../../test/support/statistics.js'

const TARGET_MS = 400
const TOKENS = 10

/** How long a service takes to start on a database that is migrated, beside what Node and Fastify take alone. */
export async function coldStart ({ count }: { count: number }): Promise<Report> {
  const times = { node: [] as number[], fastify: [] as number[], service: [] as number[] }
  await withFolder(async (folder) => {
    const url = `file:${join(folder, 'tokens.db')}`
    await makeManyTokens(url, TOKENS)
    for (let i = 0; i <= count; i++) {
      const found = {
        node: await timeProgram(''),
        fastify: await timeProgram("await import('fastify')"),
        service: await timeToFirstAnswer(url, drfKeyOf(1))
      }
      // The first one finds nothing in the system's memory.
      if (i > 0) for (const name of ['node', 'fastify', 'service'] as const) times[name].push(found[name])
    }
  })
  const row = (what: string, values: number[]) => ({
    what,
    milliseconds: round(median(values)),
    least: round(Math.min(...values)),
    most: round(Math.max(...values))
  })
  const found = median(times.service)
  return {
    target: `less than ${TARGET_MS} ms from the start of the process to the first answer`,
    met: found < TARGET_MS,
    verdict: `${Math.round(found)} ms`,
    conditions: [`medians of ${count} starts of each, in turn, with the files in the system's memory; a SQLite file`],
    rows: [
      row('node, which does nothing', times.node),
      row('node, which imports fastify', times.fastify),
      row('authtoken serve, to the first answer', times.service)
    ]
  }
}

async function timeProgram (text: string): Promise<number> {
  const began = performance.now()
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', text], { cwd: join(import.meta.dirname, '../..') })
  return performance.now() - began
}
