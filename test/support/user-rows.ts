import SQLite from 'better-sqlite3'
import pg from 'pg'

/** A user with the DRF token, if there is one: what both kinds of database hold, in the same words. */
export type UserRow = Record<string, unknown>

const PAGE = 5_000
const TEXTS = ['username', 'password', 'first_name', 'last_name', 'email']
const FLAGS = ['is_active', 'is_staff', 'is_superuser']
const DATES = ['date_joined', 'last_login', 'created']

/** All users of a database with their tokens, by their ids. The dates are to the microsecond. @param url of either kind */
export async function * userRows (url: string): AsyncGenerator<UserRow> {
  const postgres = url.startsWith('postgres')
  const columns = [
    'u.id', 't.key', ...TEXTS,
    ...FLAGS.map((name) => postgres ? `${name}::int` : name),
    ...DATES.map((name) => postgres ? `(${name} at time zone 'UTC')::text as ${name}` : name)
  ]
  const sql = `select ${columns.join(', ')} from auth_user u left join authtoken_token t on t.user_id = u.id where u.id > $1 order by ` +
    `u.id limit ${PAGE}`
  const { query, close } = postgres ? await connect(url) : open(url)
  try {
    for (let page = await query(sql, 0); page.length > 0; page = await query(sql, page.at(-1)?.id)) {
      for (const row of page) yield { ...row, ...Object.fromEntries(DATES.map((name) => [name, shortDate(row[name])])) }
    }
  } finally {
    await close()
  }
}

async function connect (url: string) {
  const client = new pg.Client(url)
  await client.connect()
  return {
    query: async (sql: string, ...values: unknown[]): Promise<UserRow[]> => (await client.query(sql, values)).rows,
    close: () => client.end()
  }
}

function open (url: string) {
  const client = new SQLite(url.slice('file:'.length), { readonly: true, timeout: 5_000 })
  return {
    query: async (sql: string, ...values: unknown[]) => client.prepare(sql.replaceAll('$1', '?')).all(...values) as UserRow[],
    close: async () => { client.close() }
  }
}

/** Both leave out zeros at the end, each in its own way. */
const shortDate = (date: unknown): unknown =>
  typeof date === 'string' ? date.replace(/\.(\d*?)0*$/, (_, digits) => digits === '' ? '' : `.${digits}`) : date
