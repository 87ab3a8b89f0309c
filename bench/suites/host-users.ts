import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { drizzle as drizzleSqlite } from 'drizzle-orm/better-sqlite3'
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres'
import { boolean, integer, pgTable, timestamp, uuid, varchar } from 'drizzle-orm/pg-core'
import { integer as sqliteInteger, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import pg from 'pg'
import { openAuthtoken, openHostAuthtoken } from '../../src/open-authtoken.js'
import type { HostDatabase } from '../../src/database/database-interface.js'
import { authtokenTables as postgresTables, authtokenTriggers } from '../../src/postgres.js'
import { authtokenTables as sqliteTables } from '../../src/sqlite.js'
import type { Authenticator } from '../../src/identity/identity.js'
import { execute, migrateHost } from '../../test/support/migrate-host.js'
import { startPostgres } from '../../test/support/postgres/server.js'
import { createDatabase } from '../machine/create-database.js'
import { withFolder } from '../machine/temporary-folder.js'
import type { Report } from '../report/report.js'
import { median, round } from '../../test/support/statistics.js'

const USERS = 2_000
const LEAST_RATIO = 0.95
const ROUND_MS = 25
const WARM_UP_ROUNDS = 10
// As many as the pool has connections.
const AT_ONCE = 10

const KINDS = ['access', 'drf'] as const

/** One database, ours or a host's, of which the same is asked. */
interface Side {
  ids: string
  /** Ours, with which the others are compared. */
  isOurs: boolean
  keys: Record<typeof KINDS[number], string[]>
  authenticators: Record<typeof MODES[number], Authenticator>
  close (): Promise<void>
}

const MODES = ['asked each time', 'remembered'] as const

/**
 * Whether authentication is as fast on a host's own users as on Django's.
 * @param options.count rounds
 */
export async function hostUsers ({ count }: { count: number }): Promise<Report> {
  const rows = [
    ...await withFolder((folder) => compare('SQLite', sqliteSides(folder), count)),
    ...await onPostgres(async (url) => await compare('PostgreSQL', postgresSides(url), count))
  ]
  const least = Math.min(...rows.map((row) => row.ratio as number))
  return {
    target: `each ratio is at least ${LEAST_RATIO}: authentications a second on a host's users, over those on ours`,
    met: least >= LEAST_RATIO,
    verdict: `the least is ${least.toFixed(3)}`,
    conditions: [
      `one process; ${USERS} users with a token of each kind, and as many columns as auth_user has, each table in a Drizzle instance ` +
        `of the host's; PostgreSQL on the same machine, ${AT_ONCE} questions at once`,
      `medians of ${count} rounds of ${ROUND_MS} ms a side, the sides in turn, in seconds of the processor but where PostgreSQL is ` +
        `asked; a ratio is the median of those within a round; before them ${WARM_UP_ROUNDS} rounds that are not counted`
    ],
    rows
  }
}

async function onPostgres<T> (action: (url: string) => Promise<T>): Promise<T> {
  const server = await startPostgres()
  try {
    return await action(server.url())
  } finally {
    await server.stop()
  }
}

async function compare (dialect: string, opening: Promise<Side[]>, count: number): Promise<Report['rows']> {
  const sides = await opening
  try {
    const rows = []
    for (const kind of KINDS) for (const mode of MODES) rows.push(...await measure(dialect, sides, kind, mode, count))
    return rows
  } finally {
    for (const side of sides) await side.close()
  }
}

async function measure (
  dialect: string, sides: Side[], kind: typeof KINDS[number], mode: typeof MODES[number], count: number
): Promise<Report['rows']> {
  const rates = new Map(sides.map((side) => [side, [] as number[]]))
  for (let turn = -WARM_UP_ROUNDS; turn < count; turn++) {
    // Whoever is first has no advantage of it. No garbage is collected between: on a busy machine many short rounds tell more.
    const order = sides.map((_, i) => sides[(i + turn + WARM_UP_ROUNDS) % sides.length] as Side)
    for (const side of order) {
      const rate = await rateOf(side.authenticators[mode], side.keys[kind], dialect === 'SQLite' || mode === 'remembered')
      if (turn >= 0) rates.get(side)?.push(rate)
    }
  }
  const ours = rates.get(sides.find(({ isOurs }) => isOurs) as Side) as number[]
  return [...rates].filter(([{ isOurs }]) => !isOurs).map(([{ ids }, own]) => ({
    database: dialect,
    token: kind,
    identity: mode,
    ids,
    'ours, a second': Math.round(median(ours)),
    "the host's": Math.round(median(own)),
    ratio: round(median(own.map((rate, i) => rate / (ours[i] as number))))
  }))
}

/**
 * @param isAlone whether all the work is this process's: then it is the processor's seconds that count, since others may use it too
 * @returns authentications a second
 */
async function rateOf (authenticator: Authenticator, keys: string[], isAlone: boolean): Promise<number> {
  const start = performance.now()
  const before = process.cpuUsage()
  let done = 0
  const work = async () => {
    while (performance.now() - start < ROUND_MS) {
      // A turn of the event loop now and then, as requests bring it.
      for (let i = 0; i < 20; i++) {
        const answer = authenticator.authenticate(keys[done++ % keys.length] as string)
        const identity = answer instanceof Promise ? await answer : answer
        if (identity === null) throw new Error('A token is not known')
      }
      await new Promise(setImmediate)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const { user, system } = process.cpuUsage(before)
  return done / (isAlone ? (user + system) / 1_000_000 : (performance.now() - start) / 1_000)
}

type OpenedSide = Pick<Awaited<ReturnType<typeof openHostAuthtoken>>, 'tokens' | 'authenticator' | 'close'>

/** Opens it twice: with and without a cache. */
async function openSide<Opened extends OpenedSide> (
  ids: string,
  isOurs: boolean,
  open: (cache: { size?: number }) => Promise<Opened>,
  owners: (opened: Opened) => Promise<Array<{ id: string | number }>>,
  end = async () => {}
): Promise<Side> {
  const [asking, remembering] = [await open({ size: 0 }), await open({})]
  const keys: Side['keys'] = { access: [], drf: [] }
  for (const owner of await owners(asking)) {
    keys.access.push((await asking.tokens.create(owner)).key)
    keys.drf.push((await asking.tokens.getOrCreate(owner)).key)
  }
  return {
    ids,
    isOurs,
    keys,
    authenticators: { 'asked each time': asking.authenticator, remembered: remembering.authenticator },
    async close () {
      await asking.close()
      await remembering.close()
      await end()
    }
  }
}

/** A host's connection, and its end. */
interface Connection { url: string, database: HostDatabase, end: () => Promise<void> }

function connectSqlite (path: string): Connection {
  const client = new SQLite(path)
  client.pragma('journal_mode = wal')
  return { url: `file:${path}`, database: drizzleSqlite(client), end: async () => { client.close() } }
}

function connectPostgres (url: string): Connection {
  const pool = new pg.Pool({ connectionString: url, max: AT_ONCE })
  return { url, database: drizzlePostgres(pool), end: () => pool.end() }
}

/** In a host's Drizzle instance too, so that it is the tables alone that differ. */
async function openOurs ({ url, database, end }: Connection): Promise<Side> {
  await (await openAuthtoken({ database: url, migrate: true })).close()
  return await openSide('integers', true, (cache) => openAuthtoken({ database, cache }), async ({ users }) => {
    const owners = []
    for (let i = 0; i < USERS; i++) {
      owners.push(await users.create(
        { username: `user${i}`, email: `user${i}@example.org`, password: null },
        { validate: false }
      ))
    }
    return owners
  }, end)
}

const idsOf = (kind: string) => Array.from({ length: USERS }, (_, i) => kind === 'integers' ? i + 1 : randomUUID())

const row = (id: string | number, i: number) => ({
  id,
  username: `user${i}`,
  email: `user${i}@example.org`,
  passwordHash: '!',
  firstName: '',
  lastName: '',
  isStaff: false,
  isSuperuser: false,
  isActive: true,
  dateJoined: new Date(),
  lastLogin: null
})

async function sqliteSides (folder: string): Promise<Side[]> {
  const flag = (name: string) => sqliteInteger(name, { mode: 'boolean' }).notNull()
  const columns = {
    username: text().notNull().unique(),
    email: text().notNull(),
    passwordHash: text().notNull(),
    firstName: text().notNull(),
    lastName: text().notNull(),
    isStaff: flag('is_staff'),
    isSuperuser: flag('is_superuser'),
    isActive: flag('is_active'),
    dateJoined: sqliteInteger({ mode: 'timestamp' }).notNull(),
    lastLogin: sqliteInteger({ mode: 'timestamp' })
  }
  const tables = {
    integers: sqliteTable('people', { id: sqliteInteger().primaryKey(), ...columns }),
    UUIDs: sqliteTable('people', { id: text().primaryKey(), ...columns })
  }
  const sides = [await openOurs(connectSqlite(join(folder, 'ours.db')))]
  for (const [kind, people] of Object.entries(tables)) {
    const path = join(folder, `${kind}.db`)
    const own = sqliteTables(people as typeof tables.UUIDs)
    await migrateHost(`file:${path}`, { people, ...own })
    sides.push(await openHostSide(kind, connectSqlite(path), people, own))
  }
  return sides
}

async function postgresSides (url: string): Promise<Side[]> {
  const columns = {
    username: varchar({ length: 150 }).notNull().unique(),
    email: varchar({ length: 254 }).notNull(),
    passwordHash: varchar({ length: 128 }).notNull(),
    firstName: varchar({ length: 150 }).notNull(),
    lastName: varchar({ length: 150 }).notNull(),
    isStaff: boolean().notNull(),
    isSuperuser: boolean().notNull(),
    isActive: boolean().notNull(),
    dateJoined: timestamp({ withTimezone: true }).notNull(),
    lastLogin: timestamp({ withTimezone: true })
  }
  const tables = {
    integers: pgTable('people', { id: integer().primaryKey(), ...columns }),
    UUIDs: pgTable('people', { id: uuid().primaryKey(), ...columns })
  }
  const sides = [await openOurs(connectPostgres(await createDatabase(url, 'ours')))]
  for (const [kind, people] of Object.entries(tables)) {
    const database = await createDatabase(url, kind.toLowerCase())
    const own = postgresTables(people as typeof tables.UUIDs)
    await migrateHost(database, { people, ...own })
    await execute(database, authtokenTriggers(people).split('--> statement-breakpoint'))
    sides.push(await openHostSide(kind, connectPostgres(database), people, own))
  }
  return sides
}

const openHostSide = (kind: string, { database, end }: Connection, people: object, tables: object) =>
  openSide(kind, false, (cache) => openHostAuthtoken({ database, tables, users: { table: people }, cache } as never, false), async () => {
    const ids = idsOf(kind)
    // PostgreSQL's types, whatever the dialect.
    const db = database as Extract<HostDatabase, { execute: unknown }>
    for (let i = 0; i < ids.length; i += 500) await db.insert(people as never).values(ids.slice(i, i + 500).map((id, j) => row(id, i + j)) as never)
    return ids.map((id) => ({ id }))
  }, end)
