import { join } from 'node:path'
import { drfKeyOf, makeManyTokens } from '../../test/support/many-tokens.js'
import { rateOfWhoAmI } from '../load/autocannon.js'
import { startPostgres } from '../../test/support/postgres/server.js'
import { createDatabase } from '../machine/create-database.js'
import { withFolder } from '../machine/temporary-folder.js'
import type { Report } from '../report/report.js'
import { startService } from '../machine/service-process.js'
import { median } from '../../test/support/statistics.js'

const TOKENS = 1_000
const CONNECTIONS = 64
const WARM_UP_S = 2
const WINDOW_S = 4

/** What two processes serve, beside one. */
export async function workers ({ count }: { count: number }): Promise<Report> {
  const postgres = await startPostgres()
  try {
    const rows = await withFolder(async (folder) => {
      const found = []
      for (const [name, url] of [
        ['SQLite', `file:${join(folder, 'tokens.db')}`],
        ['PostgreSQL', await createDatabase(postgres.url(), 'workers')]
      ] as const) {
        await makeManyTokens(url, TOKENS)
        const rates: [number[], number[]] = [[], []]
        for (let round = 0; round < count; round++) {
          for (const [i, WORKERS] of ['1', '2'].entries()) rates[i as 0 | 1].push(await measure(folder, { DATABASE_URL: url, WORKERS }))
        }
        found.push({
          database: name,
          'one, a second': Math.round(median(rates[0])),
          'two, a second': Math.round(median(rates[1])),
          ratio: median(rates[1].map((rate, i) => rate / (rates[0][i] as number)))
        })
      }
      return found
    })
    return {
      target: 'none: these are figures to reckon with',
      met: true,
      verdict: rows.map(({ database, ratio }) => `${database} × ${ratio.toFixed(2)}`).join(', '),
      conditions: [`GET /users/me/ with a token that is remembered, autocannon over ${CONNECTIONS} connections from the same machine, ` +
        `so that two processes and the load share its cores; ${count} rounds in turn, a new service each, ${WARM_UP_S} s discarded, ` +
        `${WINDOW_S} s measured`],
      rows
    }
  } finally {
    await postgres.stop()
  }
}

async function measure (folder: string, settings: Record<string, string>): Promise<number> {
  const service = await startService(folder, settings)
  try {
    await load(service.port, WARM_UP_S)
    return await load(service.port, WINDOW_S)
  } finally {
    await service.stop()
  }
}

const load = (port: number, seconds: number): Promise<number> =>
  rateOfWhoAmI({ port, token: drfKeyOf(1), connections: CONNECTIONS, seconds })
