import { hash } from 'node:crypto'
import SQLite from 'better-sqlite3'
import pg from 'pg'
import { openAuthtoken } from '../../src/open-authtoken.js'
import { createTokenFormat, digestOf, randomBase62, type RandomSource } from '../../src/tokens/format.js'

const BATCH = 10_000
const CACHE_KB = 2_000_000
const CREATED = '2024-01-01 00:00:00.123456'
const EXPIRES = '2099-01-01 00:00:00.123456'
const format = createTokenFormat()

/** The DRF token of the user of that number, from 1. */
export const drfKeyOf = (user: number): string => hash('sha256', `drf ${user}`).slice(0, 40)

/** The access token of the user of that number, from 1. */
export const accessKeyOf = (user: number): string => format.generate(sourceOf(`access ${user}`))

/** The same bytes each time, so that a key can be worked out from its number. */
function sourceOf (seed: string): RandomSource {
  let calls = 0
  return (size) => hash('sha512', `${seed} ${calls++}`, 'buffer').subarray(0, size)
}

/**
 * Fills a database with users who have a DRF token and an access token each. User 1 is a superuser; nobody has a password.
 * @param url of a database that does not exist yet, or is empty
 * @param tokens how many in all
 */
export async function makeManyTokens (url: string, tokens: number): Promise<void> {
  await (await openAuthtoken({ database: url, migrate: true })).close()
  if (url.startsWith('file:')) fillSqlite(url.slice('file:'.length), tokens / 2)
  else await fillPostgres(url, tokens / 2)
}

function accessRowOf (user: number) {
  const key = accessKeyOf(user)
  const source = sourceOf(`id ${user}`)
  return [
    randomBase62(16, source),
    user,
    `access-${randomBase62(10, source)}`,
    digestOf(key),
    format.hintOf(key),
    user % 2 === 0 ? EXPIRES : null
  ] as const
}

function fillSqlite (path: string, users: number): void {
  const client = new SQLite(path)
  try {
    // Out of WAL there is one way alone.
    for (const setting of [
      'journal_mode = DELETE',
      'journal_mode = OFF',
      'synchronous = OFF',
      `cache_size = -${CACHE_KB}`
    ]) client.pragma(setting)
    // To make an index of rows that are there takes a fraction of the time.
    const indices = client.prepare("select name, sql from sqlite_master where type = 'index' and tbl_name = 'authtoken_accesstoken' " +
      'and sql is not null').all() as Array<{ name: string, sql: string }>
    for (const { name } of indices) client.exec(`drop index ${name}`)
    client.prepare(`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ?)
      insert into auth_user (id, password, last_login, is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name)
      select n, '!' || hex(randomblob(48)), null, n = 1, 'user' || n, 'Last ' || n, 'user' || n || '@example.org', false, true, '${CREATED}', 'First' from numbers`).run(users)
    const drf = client.prepare(`insert into authtoken_token (key, created, user_id) values (?, '${CREATED}', ?)`)
    const access = client.prepare('insert into authtoken_accesstoken (id, user_id, kind, name, digest, hint, scope, created, expires, ' +
      `disabled) values (?, ?, 'access', ?, ?, ?, '*', '${CREATED}', ?, false)`)
    client.transaction(() => {
      for (let user = 1; user <= users; user++) drf.run(drfKeyOf(user), user)
      for (let user = 1; user <= users; user++) access.run(...accessRowOf(user))
    })()
    for (const { sql } of indices) client.exec(sql)
    client.pragma('journal_mode = WAL')
  } finally {
    client.close()
  }
}

async function fillPostgres (url: string, users: number): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(`insert into auth_user (password, is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name)
      select '!' || repeat(md5(n::text), 3), n = 1, 'user' || n, 'Last ' || n, 'user' || n || '@example.org', false, true, '${CREATED}Z', 'First' from generate_series(1, $1::int) n`, [users])
    for (let first = 1; first <= users; first += BATCH) {
      const numbers = Array.from({ length: Math.min(BATCH, users - first + 1) }, (_, i) => first + i)
      const rows = numbers.map(accessRowOf)
      await client.query(
        `insert into authtoken_token (key, created, user_id) select key, '${CREATED}Z', user_id from unnest($1::text[], $2::int[]) as ` +
          't (key, user_id)',
        [numbers.map(drfKeyOf), numbers]
      )
      await client.query(`insert into authtoken_accesstoken (id, user_id, kind, name, digest, hint, scope, created, expires, disabled)
        select id, user_id, 'access', name, digest, hint, '*', '${CREATED}Z', expires, false
        from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) as t (id, user_id, name, digest, hint, expires)`,
      [0, 1, 2, 3, 4].map((column) => rows.map((row) => row[column])).concat([rows.map((row) => row[5] === null ? null : `${row[5]}Z`)]))
    }
    await client.query('vacuum analyze')
  } finally {
    await client.end()
  }
}
