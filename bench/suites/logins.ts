import { Agent } from 'node:http'
import { join } from 'node:path'
import { createHashingQueue, defaultConcurrency } from '../../src/passwords/hashing-queue.js'
import { login, send } from '../load/http-client.js'
import { withFolder } from '../machine/temporary-folder.js'
import type { Report } from '../report/report.js'
import { runCommand, startService } from '../machine/service-process.js'
import { median, round } from '../../test/support/statistics.js'

const TARGET_SHARE = 0.9
const WINDOW_MS = 5_000
const AT_ONCE = 8
const USERNAME = 'ann'
const PASSWORD = 'bench-pass-quartz-1'

/** Logins a second of the service, beside what the hashes alone take on as many threads. */
export async function logins ({ count }: { count: number }): Promise<Report> {
  const concurrency = defaultConcurrency()
  const rates = { hash: [] as number[], login: [] as number[] }
  await withFolder(async (folder) => {
    const settings = { DATABASE_URL: `file:${join(folder, 'logins.db')}`, PASSWORD_CONCURRENCY: String(concurrency), LOG_LEVEL: 'info' }
    await runCommand(['migrate'], settings)
    await runCommand(['createuser', '--noinput', '--username', USERNAME], { ...settings, AUTHTOKEN_PASSWORD: PASSWORD })
    const queue = createHashingQueue({ concurrency })
    const encoded = await queue.encode('argon2', PASSWORD)
    const service = await startService(folder, settings)
    const agent = new Agent({ keepAlive: true })
    try {
      for (let round = 0; round <= count; round++) {
        const found = {
          hash: await perSecond(async () => {
            const { matches } = await queue.verify(encoded, PASSWORD)
            if (!matches) throw new Error('The hash does not match')
          }),
          login: await perSecond(async () => {
            const { status } = await send(agent, service.port, login(USERNAME, PASSWORD))
            if (status !== 200) throw new Error(`A login was answered ${status}`)
          })
        }
        if (round > 0) for (const name of ['hash', 'login'] as const) rates[name].push(found[name])
      }
    } finally {
      agent.destroy()
      await service.stop()
      await queue.close()
    }
  })
  const share = median(rates.login.map((rate, i) => rate / (rates.hash[i] as number)))
  const row = (what: string, values: number[]) => ({
    what,
    'a second': round(median(values)),
    least: round(Math.min(...values)),
    most: round(Math.max(...values))
  })
  return {
    target: `at least ${TARGET_SHARE} of the logins a second that the hash alone allows`,
    met: share >= TARGET_SHARE,
    verdict: `${share.toFixed(3)} of them`,
    conditions: [`argon2id as new passwords get it, ${concurrency} ${concurrency === 1 ? 'thread' : 'threads'} of low priority in ` +
      `either case; ${AT_ONCE} at once; ${count} rounds of ${WINDOW_MS / 1000} s of each, in turn, after one that is not counted; the ` +
      'logins come from another process on the same machine'],
    rows: [row('hashes alone', rates.hash), row('POST /api-token-auth/', rates.login)]
  }
}

async function perSecond (act: () => Promise<void>): Promise<number> {
  const began = performance.now()
  const end = began + WINDOW_MS
  let done = 0
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (performance.now() < end) {
      await act()
      done++
    }
  }))
  return done / (performance.now() - began) * 1000
}
