import { pbkdf2Sync } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { openAuthtoken } from '../../../src/open-authtoken.js'
import { buildServer } from '../../../src/service/server.js'
import { loadSettings } from '../../../src/service/settings.js'
import { digestOf } from '../../../src/tokens/format.js'
import { type Account, type Accounts, GUESTS } from './accounts.js'

const FIXTURES = join(import.meta.dirname, '../../fixtures/conformance')
const STAFF: Account = { username: 'staff', password: 'staff-pass-quartz', token: '5'.repeat(40) }
/** A user whom another table refers to, so that it can't be deleted. */
const REFERRED_TO = 'special'
const PUBLIC = /^\/(healthz|readyz|openapi\.json|docs|api-token-auth|\.well-known\/oauth-authorization-server)(\/|$)/

interface FixtureUser {
  id: string
  username_stored: string
  password: string | null
  token: string | null
}

/** The service under attack. */
export type Service = Awaited<ReturnType<typeof startService>>

/**
 * Starts the service in this process, on a copy of the conformance database.
 * @param env settings besides the database
 * @param onOpened told of every protected route that was answered 2xx to a caller without the right
 */
export async function startService (env: NodeJS.ProcessEnv, onOpened: (detail: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'authtoken-fuzz-'))
  const removeFolder = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeFolder)
  const path = join(folder, 'fuzz.sqlite3')
  const pristine = join(folder, 'pristine.sqlite3')
  const users = JSON.parse(readFileSync(join(FIXTURES, 'users.json'), 'utf8')) as FixtureUser[]
  prepare(path, users)
  copyFileSync(path, pristine)

  const log: string[] = []
  const settings = loadSettings({ ...env, DATABASE_URL: `file:${path}`, LOG_LEVEL: 'debug' })
  const authtoken = await openAuthtoken({
    database: settings.DATABASE_URL,
    passwords: { hasher: 'argon2', rehash: true, concurrency: 2, size: 4 }
  })
  const server = await buildServer(settings, authtoken, { stream: { write: (line) => { log.push(line) } } })
  await server.listen({ host: '127.0.0.1', port: 0 })
  const keeper = createKeeper(path, pristine)

  // Before Fastify's own listener, which looks the caller's token up at once, and may have ended it when it returns.
  server.server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const rights = keeper.rightsOf(keyOf(request))
    response.on('finish', () => {
      if (response.statusCode < 200 || response.statusCode > 299) return
      const needed = neededFor(request.url ?? '')
      if (needed > rights) onOpened(`${request.method} ${request.url} was answered ${response.statusCode}`)
      if (needed > 0 && request.method !== 'GET') keeper.restoreFixtures()
    })
  })

  return {
    port: (server.server.address() as AddressInfo).port,
    accounts: toAccounts(users),
    /** The lines of the log since the last call. */
    takeLog: (): string[] => log.splice(0),
    /** The tokens that there are. */
    tokens: keeper.tokens,
    /** Brings the database back to where it began. Nothing may be under way. */
    restore: keeper.restore,
    async stop (): Promise<void> {
      keeper.close()
      await server.close()
      process.off('exit', removeFolder)
      removeFolder()
    }
  }
}

/** Cheap hashes of the same passwords, one of the staff, and a row that refers to a user. */
function prepare (path: string, users: FixtureUser[]): void {
  copyFileSync(join(FIXTURES, 'django.sqlite3'), path)
  const client = new SQLite(path)
  client.pragma('journal_mode = WAL')
  const update = client.prepare("update auth_user set password = ? where username = ? and password glob 'pbkdf2_sha256$[0-9]*'")
  for (const { username_stored: username, password } of users) if (password !== null) update.run(cheapHash(password), username)
  client.prepare(`insert into auth_user (username, password, is_active, is_staff, is_superuser, first_name, last_name, email, date_joined)
    values (?, ?, 1, 1, 0, '', '', '', '2026-01-01 00:00:00')`).run(STAFF.username, cheapHash(STAFF.password as string))
  client.prepare("insert into authtoken_token (key, created, user_id) select ?, '2026-01-01 00:00:00', id from auth_user where " +
    'username = ?').run(STAFF.token, STAFF.username)
  const special = users.find(({ id }) => id === REFERRED_TO)?.username_stored
  client.prepare(`insert into django_admin_log (action_time, object_repr, action_flag, change_message, user_id)
    select '2026-01-01 00:00:00', '', 1, '', id from auth_user where username = ?`).run(special)
  client.pragma('wal_checkpoint(truncate)')
  client.close()
}

function cheapHash (password: string): string {
  return `pbkdf2_sha256$1000$fuzz$${pbkdf2Sync(password, 'fuzz', 1000, 32, 'sha256').toString('base64')}`
}

function toAccounts (users: FixtureUser[]): Accounts {
  const byId = new Map(users.map(({ id, username_stored: username, password, token }) => [id, { username, password, token }]))
  return { byId, administrator: byId.get('root') as Account, staff: STAFF }
}

/** A connection of our own to the database that the service works on. */
function createKeeper (path: string, pristine: string) {
  const client = new SQLite(path)
  client.pragma('foreign_keys = OFF')
  client.prepare('attach ? as pristine').run(pristine)
  const find = client.prepare('select is_superuser from authtoken_token join auth_user on auth_user.id = user_id where key = ? and ' +
    'is_active').pluck()
  const findAccess = client.prepare(`select is_superuser and ' ' || scope || ' ' glob '* [*] *' from authtoken_accesstoken join auth_user on auth_user.id = user_id
    where digest = ? and is_active and not disabled and (expires is null or expires > strftime('%Y-%m-%d %H:%M:%f', 'now'))`).pluck()
  const allKeys = client.prepare('select key from main.authtoken_token').pluck()
  const insertGuest = client.prepare(`insert into main.auth_user (username, password, is_active, is_staff, is_superuser, first_name, last_name, email, date_joined)
    values (?, ?, 1, 0, 0, '', '', '', '2026-01-01 00:00:00')`)
  // Half of them, so that there are some to be made.
  const guests = GUESTS.filter((_, i) => i % 2 === 0).map(({ username, password }) => ({ username, hash: cheapHash(password) }))
  const tables = ['auth_user', 'authtoken_token']

  const restoreFixtures = client.transaction(() => {
    for (const table of tables) client.prepare(`insert or replace into main.${table} select * from pristine.${table}`).run()
  })
  const restore = client.transaction(() => {
    client.prepare('delete from main.authtoken_accesstoken').run()
    for (const table of tables.toReversed()) client.prepare(`delete from main.${table}`).run()
    for (const table of tables) client.prepare(`insert into main.${table} select * from pristine.${table}`).run()
    for (const { username, hash } of guests) insertGuest.run(username, hash)
  })
  restore.immediate()

  return {
    /** 0: nobody; 1: a user; 2: a superuser. */
    rightsOf: (key: string | null): number => key === null ? 0 : [1, 2][(find.get(key) ?? findAccess.get(digestOf(key))) as number] ?? 0,
    tokens: (): string[] => allKeys.all() as string[],
    restoreFixtures: (): void => restoreFixtures.immediate(),
    restore: (): void => restore.immediate(),
    close: (): void => { client.close() }
  }
}

/** The key in the only `Authorization` header, or null. */
function keyOf ({ rawHeaders }: IncomingMessage): string | null {
  const values = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'authorization')
  const [keyword, key, ...more] = (values[0] ?? '').trim().split(/[ \t\n\r\v\f]+/)
  if (values.length !== 1 || keyword?.toLowerCase() !== 'token' || key === undefined || more.length > 0) return null
  return Buffer.from(key, 'latin1').toString()
}

/** Which rights an address needs: 2xx anywhere else than on a public path is for a superuser, but for one's own user and tokens. */
function neededFor (url: string): number {
  const [path = ''] = url.replace(/^[a-z]+:\/\/[^/]*/i, '').split(/[?#]/)
  try {
    const decoded = decodeURIComponent(path)
    if (PUBLIC.test(decoded)) return 0
    return /^\/(?:users\/me\/?$|tokens(?:\/|$)|revoke\/?$|forward-auth(?:\/|$))/.test(decoded) ? 1 : 2
  } catch {
    return 2
  }
}
