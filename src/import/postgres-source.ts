import pg from 'pg'
import { nameOf, reason } from '../database/postgres/connection.js'
import { identityOf } from '../database/postgres/catalog.js'
import { users } from '../database/postgres/schema.js'
import { AuthtokenError, DatabaseUnusable } from '../errors.js'
import { createDjangoSource, type DjangoSource, unreadableUrl } from './django-source.js'

const CONNECT_TIMEOUT_MS = 10_000
// A connection that is cut without a word must not be waited for without end.
const QUERY_TIMEOUT_MS = 300_000

const BEGIN = `begin isolation level repeatable read, read only;
  set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; set local datestyle = 'ISO'`
const COLUMNS = `select attname as name, format_type(atttypid, null) as type
  from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`

/** Connects to a PostgreSQL database to read it, as it is at one moment. @throws InvalidSettings, DatabaseUnusable */
export async function openPostgresSource (url: string): Promise<DjangoSource> {
  const name = nameOf(url)
  const client = createClient(url)
  // What was asked when the connection broke is told by its own error.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(BEGIN)
    return await createDjangoSource({
      name,
      identity: await identityOf(client, users),
      async query (text, parameters) {
        try {
          return (await client.query(text, parameters)).rows
        } catch (error) {
          throw explained(name, error)
        }
      },
      columns: COLUMNS,
      dateText: (column) => `(${column} at time zone 'UTC')::text`,
      close: () => client.end()
    })
  } catch (error) {
    await client.end()
    throw explained(name, error)
  }
}

function createClient (connectionString: string): pg.Client {
  try {
    return new pg.Client({
      connectionString,
      application_name: 'fastify-authtoken import',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true
    })
  } catch {
    // The parser's own message may quote the URL.
    throw unreadableUrl()
  }
}

const explained = (name: string, error: unknown): Error =>
  error instanceof AuthtokenError ? error : new DatabaseUnusable(`${name} ${reason(error)}`, { cause: error })
