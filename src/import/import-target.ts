import { and, asc, between, eq, getTableColumns, isNull, max, sql } from 'drizzle-orm'
import { alias, type PgTable } from 'drizzle-orm/pg-core'
import type { Database, DjangoDatabase, Statement, TokenTables } from '../database/database-interface.js'
import { SEALED_NAME } from '../tokens/access-token.js'
import { digestOf } from '../tokens/format.js'
import { MAX_ID, type SourceUser } from './django-source.js'
import { type Candidate, readFlag } from './source-row.js'

/** What the target holds that a row of the source would meet. */
export interface TargetMatch {
  /** The user of that username. */
  user: { id: number, password: string, isActive: boolean, isStaff: boolean, isSuperuser: boolean } | null
  /** Whether any user has that id. */
  idTaken: boolean
  /** Whose that token is, in clear or as a digest. */
  keyOwner: number | null
  /** Whether the user has a DRF token, in clear or sealed. */
  ownsToken: boolean
}

const identityColumns = ({ id, password, isActive, isStaff, isSuperuser }: DjangoDatabase['users']['table']) =>
  ({ id, password, isActive, isStaff, isSuperuser })

/** The ids of users whom an earlier import left there. Their rows are neighbours: this is much cheaper than `findInTarget`. */
export async function findImported (database: DjangoDatabase, page: SourceUser[], digests: boolean): Promise<Set<string>> {
  const { db, users: { table: users }, tables: { authtokenToken: drf, authtokenAccesstoken: access } } = database
  const [first, last] = [page.at(0)?.id, page.at(-1)?.id].map((id) => Math.max(0, Math.min(Number(id), MAX_ID)))
  const columns = { ...identityColumns(users), username: users.username }
  const isSealedToken = and(eq(access.userId, users.id), eq(access.name, SEALED_NAME), isNull(access.replacedBy))
  const query = digests
    ? db.select({ ...columns, token: access.digest }).from(users).leftJoin(access, isSealedToken)
    : db.select({ ...columns, token: drf.key }).from(users).leftJoin(drf, eq(drf.userId, users.id))
  const range = between(users.id, first as number, last as number)
  const rows = await database.run(() => query.where(range).orderBy(asc(users.id)).limit(page.length))
  const present = new Map(rows.map((row) => [String(row.id), row]))
  return new Set(page.filter(({ id, username, password, is_active: isActive, is_staff: isStaff, is_superuser: isSuperuser, key }) => {
    const row = present.get(id)
    return row !== undefined && row.username === username && row.password === password && row.isActive === readFlag(isActive) &&
      row.isStaff === readFlag(isStaff) && row.isSuperuser === readFlag(isSuperuser) &&
      (key === null || row.token === (digests ? digestOf(String(key)) : key))
  }).map(({ id }) => id))
}

/** Asks the target about rows of the source, in their order: one query, by indexes alone. */
export async function findInTarget (database: DjangoDatabase, candidates: Candidate[]): Promise<TargetMatch[]> {
  const { db, users: { table: users }, tables: { authtokenToken: drf, authtokenAccesstoken: access } } = database
  const [taken, owned, same, named] = [alias(users, 'taken'), alias(drf, 'owned'), alias(drf, 'same'), alias(access, 'named')]
  const columns = { n: users.id, id: users.id, username: users.username, key: drf.key, digest: access.digest }
  const given = database.rowsAsTable(columns, candidates.map(({ id, user, token }, n) => {
    const key = token !== null && typeof token === 'object' ? token.key : null
    return [n, id, typeof user === 'object' ? user.username : null, key, key === null ? null : digestOf(key)]
  }))
  const rows = await database.run(() => db.select({
    n: sql<number>`given.n`,
    user: identityColumns(users),
    takenBy: taken.id,
    keyOwner: same.userId,
    digestOwner: access.userId,
    owned: owned.userId,
    named: named.userId
  }).from(sql`${given} as given`)
    .leftJoin(users, eq(users.username, sql`given.username`))
    .leftJoin(taken, eq(taken.id, sql`given.id`))
    .leftJoin(owned, eq(owned.userId, users.id))
    .leftJoin(same, eq(same.key, sql`given.key`))
    .leftJoin(access, eq(access.digest, sql`given.digest`))
    .leftJoin(named, and(eq(named.userId, users.id), eq(named.name, SEALED_NAME), isNull(named.replacedBy))))
  const matches: TargetMatch[] = []
  for (const { n, user, takenBy, keyOwner, digestOwner, owned, named } of rows) {
    const ownsToken = owned !== null || named !== null
    matches[n] = { user, idTaken: takenBy !== null, keyOwner: (keyOwner ?? digestOwner) as number | null, ownsToken }
  }
  return matches
}

export async function lastUserId ({ db, run, users: { table: users } }: DjangoDatabase): Promise<number> {
  const [row] = await run(() => db.select({ last: max(users.id) }).from(users))
  return row?.last ?? 0
}

/** Whether DRF tokens are digests there. */
export async function isSealed ({ db, run, tables: { authtokenState: state } }: Database): Promise<boolean> {
  return await run(() => db.$count(state, eq(state.name, 'seal'))) > 0
}

/** Adds rows to a table, by the names of Drizzle's columns (absent: null), in one statement with one parameter. */
export function addRows (database: Database, tx: Database['db'], table: PgTable, rows: Array<object>): Statement {
  const columns = getTableColumns(table)
  const names = Object.keys(columns)
  const given = database.rowsAsTable(columns, rows.map((row) => names.map((name) => (row as Record<string, unknown>)[name] ?? null)))
  return tx.insert(table).select(sql`select ${sql.join(names.map((name) => sql.identifier(name)), sql`, `)} from ${given} as given`)
}

/** Fails, with a unique violation, where DRF tokens have become digests: the mark of it would be there twice. */
export const refuseSealed = (tx: Database['db'], { authtokenState: state }: TokenTables): Statement =>
  tx.insert(state).select(tx.select({ name: state.name, value: state.value }).from(state).where(eq(state.name, 'seal')))
