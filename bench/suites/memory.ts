import { join } from 'node:path'
import { makeManyTokens } from '../../test/support/many-tokens.js'
import { withFolder } from '../machine/temporary-folder.js'
import { KEYS, type TokenKind } from '../load/time-lookups.js'
import { lookUpInProcess } from '../load/fork-lookup-process.js'
import type { Report } from '../report/report.js'
import { median, round } from '../../test/support/statistics.js'

const TARGET_MB = 60
const IDENTITIES = 100_000

/** What a cache takes that is full with the usual number of identities. */
export async function memory ({ count }: { count: number }): Promise<Report> {
  const rows = await withFolder(async (folder) => {
    const url = `file:${join(folder, 'tokens.db')}`
    await makeManyTokens(url, 2 * IDENTITIES)
    const found = []
    for (const kind of Object.keys(KEYS) as TokenKind[]) {
      const runs = []
      for (let i = 0; i < count; i++) {
        runs.push(await lookUpInProcess({
          do: 'fill',
          url,
          users: IDENTITIES,
          lookups: IDENTITIES,
          kinds: [kind]
        }))
      }
      found.push({
        kind,
        'heap, MB': round(median(runs.map(({ heap }) => heap / 1e6))),
        'process (RSS), MB': round(median(runs.map(({ rss }) => rss / 1e6)))
      })
    }
    return found
  })
  const most = Math.max(...rows.map((row) => row['heap, MB']))
  return {
    target: `${IDENTITIES} remembered identities take less than ${TARGET_MB} MB more than none`,
    met: most < TARGET_MB,
    verdict: `${rows.map((row) => `${row.kind} ${row['heap, MB'].toFixed(1)} MB`).join(', ')} of heap`,
    conditions: [
      `a new process for each, medians of ${count}; after a collection of garbage; a user each, with names and an e-mail address; the ` +
        'uses of the access tokens are not written yet, and are part of it',
      'what the process has from the system grows by more: by pages of the file, and by what the look-ups left behind'
    ],
    rows
  }
}
