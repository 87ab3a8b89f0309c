import pg from 'pg'
import { nameOf, reason } from '../database/postgres/connection.js'
import { identityOf } from '../database/postgres/inspect.js'
import { users } from '../database/postgres/schema.js'
import { AuthtokenError, DatabaseUnusable } from '../errors.js'
import { type DjangoSource, MAX_ID, refuseForeignTables, type SourceSize, type SourceUser, unreadableUrl } from './django-source.js'

const CONNECT_TIMEOUT_MS = 10_000
// A connection that is cut without a word must not be waited for without end.
const QUERY_TIMEOUT_MS = 300_000

const utc = (column: string) => `(${column} at time zone 'UTC')::text`

/**
 * Connects to a PostgreSQL database that Django made, to read it: all that is read is of one moment, in a transaction that
 * can not write.
 * @param url `postgres://user:password@host:port/database`
 * @throws InvalidSettings, DatabaseUnusable
 */
export async function openPostgresSource (url: string): Promise<DjangoSource> {
  const name = nameOf(url)
  const client = createClient(url)
  // What was asked when the connection broke is told by its own error.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query("begin isolation level repeatable read, read only; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; set local datestyle = 'ISO'")
    return await createSource(client, name)
  } catch (error) {
    await client.end()
    throw explained(name, error)
  }
}

function createClient (connectionString: string): pg.Client {
  try {
    return new pg.Client({ connectionString, application_name: 'fastify-authtoken import', connectionTimeoutMillis: CONNECT_TIMEOUT_MS, query_timeout: QUERY_TIMEOUT_MS, keepAlive: true })
  } catch {
    // The parser's own message may quote the URL.
    throw unreadableUrl()
  }
}

async function createSource (client: pg.Client, name: string): Promise<DjangoSource> {
  const query = async <Row>(text: string, values: unknown[] = []): Promise<Row[]> => {
    try {
      return (await client.query(text, values)).rows
    } catch (error) {
      throw explained(name, error)
    }
  }
  await refuseForeignTables(name, async (table) => {
    const columns = await query<{ name: string, type: string }>('select attname as name, format_type(atttypid, null) as type from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped', [table])
    return new Map(columns.map(({ name, type }) => [name, type]))
  })
  const ownerless = 'from authtoken_token t where not exists (select from auth_user u where u.id = t.user_id)'

  return {
    name,
    identity: await identityOf(client, users),
    size: async () => {
      const [size] = await query<SourceSize>('select (select count(*)::float8 from auth_user) as users, (select count(*)::float8 from authtoken_token) as tokens, (select coalesce(max(id), 0)::int from auth_user where id between 0 and $1) as "lastId"', [MAX_ID])
      return size as SourceSize
    },
    users: (after, limit) => query<SourceUser>(`
      select u.id::text, username, password, first_name, last_name, email, is_active, is_staff, is_superuser,
        ${utc('date_joined')} as date_joined, ${utc('last_login')} as last_login, t.key, ${utc('t.created')} as created
      from auth_user u left join authtoken_token t on t.user_id = u.id ${after === null ? '' : 'where u.id > $2::bigint'} order by u.id limit $1`, after === null ? [limit] : [limit, after]),
    async ownerless (limit) {
      const [{ count } = { count: 0 }] = await query<{ count: number }>(`select count(*)::float8 as count ${ownerless}`)
      const users = await query<{ id: string }>(`select user_id::text as id ${ownerless} order by user_id limit $1`, [limit])
      return { count, users: users.map(({ id }) => id) }
    },
    close: () => client.end()
  }
}

const explained = (name: string, error: unknown): Error => error instanceof AuthtokenError ? error : new DatabaseUnusable(`${name} ${reason(error)}`, { cause: error })
