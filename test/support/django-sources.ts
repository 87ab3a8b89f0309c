import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import SQLite from 'better-sqlite3'
import type { Test } from 'tap'
import { makeDjangoFile } from './django-file.js'
import { djangoOnPostgres } from './fixtures.js'
import { folderOf } from './databases.js'

/** A file as Django makes it, with so many users and a token each. @returns its URL */
export function djangoFile (t: Test, users: number): string {
  const path = join(folderOf(t), `${randomUUID()}.sqlite3`)
  makeDjangoFile(path, users)
  return `file:${path}`
}

/** A PostgreSQL database that the real Django made, and so many more users with a token each. @returns its URL */
export async function djangoPostgres (t: Test, users: number): Promise<string> {
  const url = await djangoOnPostgres(t)
  const date = (minutes: string) =>
    `timestamptz '2020-01-01 00:00:00+00' + n * interval '${minutes} minutes' + (n * 7919 % 1000000) * interval '1 microsecond'`
  await change(url, `
    insert into auth_user select n, 'pbkdf2_sha256$1$' || n, case when n % 3 > 0 then ${date('3')} end, n % 1000 = 0, 'user' || n, 'First', 'Last ' || n,
      'user' || n || '@example.org', n % 100 = 0, n % 50 > 0, ${date('2')} from generate_series(100, ${99 + users}) n;
    insert into authtoken_token select encode(sha256(n::text::bytea), 'hex')::char(40), ${date('1')}, n from generate_series(100, ${99 + users}) n;
    select setval('auth_user_id_seq', ${99 + users})`)
  return url
}

/** Runs statements on a database of either kind. */
export async function change (url: string, statements: string): Promise<void> {
  if (url.startsWith('file:')) {
    const client = new SQLite(url.slice('file:'.length), { timeout: 5_000 })
    client.pragma('foreign_keys = OFF')
    client.exec(statements)
    client.close()
    return
  }
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(statements)
  } finally {
    await client.end()
  }
}
