import { copyFileSync, readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { login, send } from '../load/http-client.js'
import { withFolder } from '../machine/temporary-folder.js'
import type { Report } from '../report/report.js'
import { type Service, startService } from '../machine/service-process.js'
import { median, quantile, round } from '../../test/support/statistics.js'

const FIXTURES = join(import.meta.dirname, '../../test/fixtures/django')
const TARGET_SPREAD = 0.1
const WARM_UP_ROUNDS = 2

/** A way in which a login fails. */
interface Kind {
  name: string
  username: string
  password: string
  /** The encoded password of a user who is to be added. */
  encoded?: string
}

interface FixtureUser {
  username: string
  password: string | null
  algorithm: string | null
  encoded: string
  is_active: boolean
}

/**
 * Whether the time of a failed login gives away why it failed.
 * @param options.count logins of each kind
 */
export async function loginTiming ({ count }: { count: number }): Promise<Report> {
  const kinds = readKinds()
  const durations = await withFolder(async (folder) => {
    const database = join(folder, 'django.sqlite3')
    copyFileSync(join(FIXTURES, 'hashers.sqlite3'), database)
    addUsers(database, kinds)
    const service = await startService(folder, { DATABASE_URL: `file:${database}`, LOG_LEVEL: 'info' })
    try {
      return await measure(service, kinds, count)
    } finally {
      await service.stop()
    }
  })

  const rows = kinds.map(({ name }, i) => {
    const times = durations[i] as number[]
    return { kind: name, 'median ms': round(median(times)), 'p10 ms': round(quantile(times, 0.1)), 'p90 ms': round(quantile(times, 0.9)) }
  })
  const medians = rows.map((row) => row['median ms'])
  const spread = Math.max(...medians) / Math.min(...medians) - 1
  return {
    target: `the slowest kind's median is less than ${TARGET_SPREAD * 100} % above the fastest's`,
    met: spread < TARGET_SPREAD,
    verdict: `${(spread * 100).toFixed(1)} %`,
    conditions: [`${count} logins of each kind over one connection, one at a time, the kinds in turn; before them ${WARM_UP_ROUNDS} ` +
      'of each that are not counted'],
    rows
  }
}

function readKinds (): Kind[] {
  const { users } = JSON.parse(readFileSync(join(FIXTURES, 'hashers.json'), 'utf8')) as { users: FixtureUser[] }
  const [, scrypt] = JSON.parse(readFileSync(join(FIXTURES, 'scrypt.json'), 'utf8')) as Array<{ encoded: string }>
  const named = (username: string) => users.find((user) => user.username === username) as FixtureUser

  const encodings = new Map<string, FixtureUser>()
  for (const user of users) {
    if (user.password === null || user.algorithm === null || !user.is_active) continue
    const form = formOf(user.encoded) ?? user.algorithm
    if (!encodings.has(form)) encodings.set(form, user)
  }
  const inactive = named('inactive_user')
  const password = 'a wrong password'
  return [
    { name: 'unknown user', username: 'nobody', password },
    { name: 'inactive user, right password', username: inactive.username, password: inactive.password as string },
    { name: 'unusable password', username: named('unusable_user').username, password },
    { name: 'empty hash', username: named('empty_hash_user').username, password },
    { name: 'hash without algorithm', username: named('gibberish_hash_user').username, password },
    { name: 'corrupt hash: pbkdf2_sha256', username: 'corrupt_pbkdf2', password, encoded: 'pbkdf2_sha256$abc$salt$hash' },
    { name: 'corrupt hash: argon2', username: 'corrupt_argon2', password, encoded: 'argon2$argon2id$v=19$m=102400,t=2$salt' },
    { name: 'corrupt hash: bcrypt_sha256', username: 'corrupt_bcrypt', password, encoded: 'bcrypt_sha256$$2b$12$short' },
    { name: 'corrupt hash: scrypt', username: 'corrupt_scrypt', password, encoded: 'scrypt$16383$salt$8$5$hash' },
    ...[...encodings].map(([form, { username }]) => ({ name: `wrong password: ${form}`, username, password })),
    { name: 'wrong password: scrypt$16384$8$5', username: 'scrypt_user', password, encoded: scrypt?.encoded as string }
  ]
}

/** Algorithm and cost, where the encoding has one. */
const formOf = (encoded: string): string | undefined =>
  /^(pbkdf2_sha\d+\$\d+|argon2\$argon2\w+\$v=\d+\$[^$]+|bcrypt(?:_sha256)?\$\$2\w\$\d\d)/.exec(encoded)?.[1]

function addUsers (path: string, kinds: Kind[]): void {
  const client = new SQLite(path)
  const insert = client.prepare(`insert into auth_user
    (username, password, is_active, is_staff, is_superuser, first_name, last_name, email, date_joined)
    values (?, ?, 1, 0, 0, '', '', '', '2026-01-01 00:00:00')`)
  for (const { username, encoded } of kinds) if (encoded !== undefined) insert.run(username, encoded)
  client.close()
}

/** @returns for each kind how long its logins took, in milliseconds */
async function measure ({ port }: Service, kinds: Kind[], count: number): Promise<number[][]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const durations: number[][] = kinds.map(() => [])
  try {
    for (let turn = -WARM_UP_ROUNDS; turn < count; turn++) {
      for (const [i, { name, username, password }] of kinds.entries()) {
        const start = performance.now()
        const { status, body } = await send(agent, port, login(username, password))
        const ms = performance.now() - start
        if (status !== 400 || !body.includes('non_field_errors')) throw new Error(`${name}: answered ${status} ${body}`)
        if (turn >= 0) durations[i]?.push(ms)
      }
    }
  } finally {
    agent.destroy()
  }
  return durations
}
