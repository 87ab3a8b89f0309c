import type { DrizzleConfig } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { bigint, boolean, integer, type PgColumnBuilderBase, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { integer as sqliteInteger, sqliteTable, text as sqliteText } from 'drizzle-orm/sqlite-core'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import authtoken, { type HostOptions, type UserId } from '../../src/index.js'
import { authtokenTables as postgresTables } from '../../src/postgres.js'
import { authtokenTables as sqliteTables } from '../../src/sqlite.js'
import { databaseUrl } from './databases.js'
import { migrateHost } from './migrate-host.js'
import { hostDatabase } from './sql.js'

/** Whether the tests run on PostgreSQL. */
export const isPostgres = process.env.TEST_DIALECT === 'postgres'

// What the tests write with: calls that both dialects have, in PostgreSQL's types.
export type Db = NodePgDatabase<Record<string, unknown>>

/** The kinds of ids, with values that need care. */
export const IDS: Record<string, { column: () => PgColumnBuilderBase, ids: [UserId, UserId] }> = {
  integer: { column: () => isPostgres ? integer() : sqliteInteger() as never, ids: [1, 2_147_483_647] },
  'big integer': {
    column: () => isPostgres ? bigint({ mode: 'number' }) : sqliteInteger() as never,
    ids: [2 ** 40, Number.MAX_SAFE_INTEGER]
  },
  uuid: {
    column: () => isPostgres ? uuid() : sqliteText() as never,
    ids: ['0198c2a4-7d3e-7000-8f00-3b9aca00abcd', '0198c2a4-7d3e-7000-8f00-3b9aca00abce']
  },
  text: {
    column: () => isPostgres ? text() : sqliteText() as never,
    ids: ['Ann O\'Hara "Ω" / %_\\ drf-1', 'ann o\'hara "ω" / %_\\ drf-1']
  },
  ...(isPostgres &&
    {
      'big integer, as bigint': {
        column: () => bigint({ mode: 'bigint' }),
        ids: [9_007_199_254_740_993n, 9_223_372_036_854_775_807n] as [bigint, bigint]
      }
    })
}

/** A host's table of users, in either dialect; in PostgreSQL's types. */
export function peopleTable (column: () => unknown = IDS.integer?.column as () => unknown, name = 'people'): People {
  return isPostgres ? postgresPeople(name, column() as never) : sqlitePeople(name, column() as never) as unknown as People
}

type People = ReturnType<typeof postgresPeople>

const postgresPeople = (name: string, id: ReturnType<typeof integer>) => pgTable(name, {
  id: id.primaryKey(),
  email: text().notNull().unique(),
  passwordHash: text('password_hash'),
  nickname: text(),
  isActive: boolean('is_active').notNull().default(true),
  isAdmin: boolean('is_admin').notNull().default(false),
  deletedAt: timestamp('deleted_at')
})

const sqlitePeople = (name: string, id: ReturnType<typeof sqliteInteger>) => sqliteTable(name, {
  id: id.primaryKey(),
  email: sqliteText().notNull().unique(),
  passwordHash: sqliteText('password_hash'),
  nickname: sqliteText(),
  isActive: sqliteInteger('is_active', { mode: 'boolean' }).notNull().default(true),
  isAdmin: sqliteInteger('is_admin', { mode: 'boolean' }).notNull().default(false),
  deletedAt: sqliteInteger('deleted_at', { mode: 'timestamp' })
})

/** The tables of tokens for a host's table, of either dialect. */
export const tokenTables = (people: object, options: object = {}) =>
  (isPostgres
    ? postgresTables(people as never, options)
    : sqliteTables(people as never, options)) as unknown as ReturnType<typeof postgresTables<People>>

/** A database with the host's tables, on a connection of the host's; both go with the test. */
export async function hostTables (t: Test, schema: Record<string, unknown>, config: DrizzleConfig<Record<string, unknown>> = {}) {
  const url = await databaseUrl(t)
  await migrateHost(url, schema, config.casing)
  return { url, db: hostDatabase(t, url, config) as unknown as Db }
}

/**
 * A host application on its own users, closed behind the test, with an error handler of its own and a route that tells
 * its caller. Without triggers
 * PostgreSQL is asked each time, so that what the host writes is seen at once on both dialects.
 */
export async function startHost (t: Test, { ids = IDS.integer?.column, ...options }: Partial<HostOptions> & { ids?: (() => PgColumnBuilderBase) | undefined } = {}) {
  const people = peopleTable(ids)
  const tables = tokenTables(people)
  const { url, db } = await hostTables(t, { people, ...tables })
  const log: string[] = []
  const app = Fastify({ logger: { level: 'debug', stream: { write: (line: string) => { log.push(line) } } } })
  t.teardown(() => app.close())
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => { reply.code(error.statusCode ?? 500).send({ host: error.message }) })
  await app.register(authtoken, { database: db, tables, users: { table: people }, withoutListen: 'ask', ...options } as HostOptions)
  declareMe(app)
  return { app, db, url, people, tables, log, authenticate: authenticateOn(app) }
}

/** `GET /me`: who the caller is, the user's row as JSON has it. */
export function declareMe (app: FastifyInstance, url = '/me'): void {
  app.get(url, { config: { authtoken: { permission: 'isAuthenticated' } } }, async ({ user, auth }, reply) => {
    reply.type('application/json')
    return JSON.stringify({
      user,
      token: auth?.id,
      userId: auth?.userId
    }, (_name, value) => typeof value === 'bigint' ? String(value) : value)
  })
}

/** Asks who the caller is: the status, and the answer. */
export const authenticateOn = (app: FastifyInstance, url = '/me') => async (key: string): Promise<{ status: number, user?: Record<string, unknown>, token?: string, userId?: unknown, detail?: string }> => {
  const response = await app.inject({ url, headers: { authorization: `Token ${key}` } })
  return { status: response.statusCode, ...response.json() }
}

/** Logs in. */
export const logIn = (app: FastifyInstance, username: string, password: string, more: object = {}) =>
  app.inject({ method: 'POST', url: '/api-token-auth/', payload: { username, password, ...more } })
