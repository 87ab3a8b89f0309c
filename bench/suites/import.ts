import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeDjangoFile } from '../../test/support/django-file.js'
import { startPostgres } from '../../test/support/postgres/server.js'
import { sql } from '../../test/support/sql.js'
import { userRows } from '../../test/support/user-rows.js'
import { createDatabase } from '../machine/create-database.js'
import { withFolder } from '../machine/temporary-folder.js'
import type { Report } from '../report/report.js'
import { runCommand } from '../machine/service-process.js'
import { round } from '../../test/support/statistics.js'

const CLI = ['--import', 'tsx', join(import.meta.dirname, '../../src/cli.ts')]
const TARGET_RSS_MB = 300
const SHARES = [0.1, 0.5, 1]
const POLL_MS = 200
const TIMEOUT_MS = 1_800_000

/** The database that is imported, and how many users it has. */
interface Source { source: string, users: number }

/** What a run of the command did: how long it took, and how much memory it had at each share of the users. */
interface Run { seconds: number, users: number, rss: number[], out: string }

/** Whether many users are imported fast, in little memory, and after a kill as if nothing had happened. */
export async function importBench ({ count: users }: { count: number }): Promise<Report> {
  return await withFolder(async (folder) => {
    const path = join(folder, 'django.sqlite3')
    makeDjangoFile(path, users)
    const source = `file:${path}`
    const expected = await digestOf(source)
    const postgres = await startPostgres({ durable: true })
    try {
      const rows: Report['rows'] = []
      for (const to of ['SQLite', 'PostgreSQL']) {
        const database = async (name: string) =>
          to === 'SQLite' ? `file:${join(folder, `${name}.db`)}` : await createDatabase(postgres.url(), name)
        rows.push(...await measure(to, { source, users }, await database('whole'), await database('killed'), expected))
      }
      return judge(rows, users)
    } finally {
      await postgres.stop()
    }
  })
}

async function measure (to: string, from: Source, whole: string, killed: string, expected: string) {
  for (const url of [whole, killed]) await runCommand(['migrate'], { DATABASE_URL: url })
  const equals = async (url: string) => await digestOf(url) === expected ? 'yes' : 'NO'
  const rows: Array<Record<string, string | number>> = []
  const add = (name: string, run: Run, equal: string) => {
    const row = {
      into: to,
      run: name,
      users: run.users,
      seconds: round(run.seconds),
      'users/s': Math.round(run.users / run.seconds),
      ...Object.fromEntries(SHARES.map((share, index) => [`MB at ${share * 100} %`, run.rss[index] ?? ''])),
      equal
    }
    // It takes long: what is known is said.
    console.log(Object.entries(row).map(([name, value]) => `${name}: ${value}`).join(', '))
    rows.push(row)
  }
  add('first', await run(from, whole), await equals(whole))
  add('again', await run(from, whole), await equals(whole))
  add('killed', await run(from, killed, from.users / 2), '')
  add('resumed', await run(from, killed), await equals(killed))
  return rows
}

/**
 * Runs the command, and looks on.
 * @param killAt at how many users in the target it is killed
 */
async function run ({ source, users: total }: Source, target: string, killAt = Infinity): Promise<Run> {
  const before = await countOf(target)
  const began = performance.now()
  const child = spawn(process.execPath, [...CLI, 'import-django', source, '--json'], {
    env: { PATH: process.env.PATH, DATABASE_URL: target },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TIMEOUT_MS
  })
  const kill = () => { child.kill('SIGKILL') }
  process.once('exit', kill)
  let out = ''
  child.stdout.on('data', (chunk) => { out += chunk })
  const ended = once(child, 'close')
  const rss: number[] = []
  let [users, peak] = [before, 0]
  while (child.exitCode === null && child.signalCode === null) {
    peak = Math.max(peak, peakOf(child.pid as number))
    users = await countOf(target)
    for (const [index, share] of SHARES.entries()) if (before < share * total && users >= share * total) rss[index] ??= peak
    if (users >= killAt) kill()
    await sleep(POLL_MS)
  }
  await ended
  process.off('exit', kill)
  const seconds = (performance.now() - began) / 1000
  if (child.exitCode !== 0 && killAt === Infinity) throw new Error(`The import ended with ${child.exitCode ?? child.signalCode}`)
  rss[SHARES.length - 1] = peak
  return { seconds, users: killAt === Infinity ? total : await countOf(target), rss, out }
}

/** The most memory that a process has had, in MB; 0 once it is gone. */
function peakOf (pid: number): number {
  try {
    return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)
  } catch {
    return 0
  }
}

async function countOf (url: string): Promise<number> {
  // By the largest id, which is the count here: counting itself would slow down what is measured.
  const [row] = await sql(url, 'select coalesce(max(id), 0) as count from auth_user')
  return Number(row?.count)
}

/** Of all that is to be the same. */
async function digestOf (url: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const row of userRows(url)) hash.update(JSON.stringify(row))
  return hash.digest('hex')
}

function judge (rows: Array<Record<string, string | number>>, users: number): Report {
  const wrong = rows.flatMap((row) => {
    const name = `${row.into}, ${row.run}`
    return [
      ...(row.equal === 'NO' ? [`${name}: the contents differ`] : []),
      ...(Number(row['MB at 100 %']) >= TARGET_RSS_MB ? [`${name}: ${row['MB at 100 %']} MB`] : [])
    ]
  })
  return {
    target: `${users} users with tokens from a file of Django's: less than ${TARGET_RSS_MB} MB, and contents equal, also after a SIGKILL`,
    met: wrong.length === 0,
    verdict: wrong.length === 0 ? 'little memory, all contents equal' : wrong.join('; '),
    conditions: [
      `${users} users, the start of the process included. PostgreSQL runs on the same machine with fsync on. "again": all of them are ` +
        'there already. "killed": at the half. "resumed": the rest of that, in users of the source',
      'Memory is the peak until then (VmHWM), of a process that compiles the source itself'
    ],
    rows
  }
}
