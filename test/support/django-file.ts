import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'

const SCHEMA = join(import.meta.dirname, '../fixtures/django/schema.sqlite.sql')

/** Makes a file as Django makes it, with users who have a token each: random keys, as in life, and dates to the microsecond. */
export function makeDjangoFile (path: string, users: number): void {
  const client = new SQLite(path)
  try {
    client.exec(readFileSync(SCHEMA, 'utf8'))
    client.pragma('synchronous = OFF')
    const numbers = 'with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ?)'
    const date = (days: string) =>
      `strftime('%Y-%m-%d %H:%M:%S', '2020-01-01', (${days}) || ' minutes') || printf('.%06d', n * 7919 % 1000000)`
    client.prepare(`${numbers} insert into auth_user (id, password, last_login, is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name)
      select n, 'pbkdf2_sha256$260000$' || hex(randomblob(11)) || '$' || hex(randomblob(22)), iif(n % 3 = 0, null, ${date('n * 3')}), n % 1000 = 0, 'user' || n,
        'Last ' || n, 'user' || n || '@example.org', n % 100 = 0, n % 50 > 0, ${date('n * 2')}, 'First' from numbers`).run(users)
    client.prepare(`${numbers} insert into authtoken_token (key, created, user_id) select lower(hex(randomblob(20))), ${date('n')}, n ` +
      'from numbers').run(users)
  } finally {
    client.close()
  }
}
