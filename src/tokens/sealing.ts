import { and, asc, eq, exists, gt, inArray, isNull, sql } from 'drizzle-orm'
import type { Db, DjangoDatabase, Statement } from '../database/database-interface.js'
import { DatabaseUnusable } from '../errors.js'
import { accessTokenStatements } from './access-token-statements.js'
import { SEALED_NAME } from './access-token.js'
import { digestOf, drfHintOf, generateId, randomBase62 } from './format.js'

/** How far sealing has come, of the DRF tokens that there were at the start. */
export interface SealingProgress { sealed: number, total: number }

const BATCH = 500

/**
 * Turns every DRF token of a database into a digest, in place: clients go on with the tokens they have. From its start on no
 * DRF token is made any more. It may be stopped anywhere: a token is in one table or in the other, and the next call does the
 * rest. At the end nothing in clear is left, in the file either.
 * @returns how many were sealed by this call
 */
export async function sealTokens (database: DjangoDatabase, onProgress: (progress: SealingProgress) => void = () => {}): Promise<number> {
  const { db, tables: { authtokenToken: drf, authtokenState: state } } = database
  await database.transaction((tx) => [
    tx.insert(state).values({ name: 'seal', value: 'begun' }).onConflictDoUpdate({ target: state.name, set: { value: 'begun' } })
  ], 'all')
  database.overwriteDeleted()

  const total = await database.run(() => db.$count(drf))
  let sealed = 0
  for (let last = '', full = true; full;) {
    const batch = db.select({ key: drf.key }).from(drf).where(gt(drf.key, last)).orderBy(asc(drf.key)).limit(BATCH)
    const keys = (await database.run(() => batch)).map(({ key }) => key)
    if (keys.length > 0) await database.transaction((tx) => moveTokens(database, tx, keys), 'all')
    sealed += keys.length
    full = keys.length === BATCH
    last = keys.at(-1) ?? last
    onProgress({ sealed, total })
  }
  try {
    await database.scrub()
  } catch (error) {
    throw new DatabaseUnusable('Every DRF token is a digest now, but the file could not be rewritten, so that traces of them are left ' +
      'in it: another program reads it, or the disk is full. Run "authtoken tokens seal" again.', { cause: error })
  }
  await database.run(() => db.update(state).set({ value: 'done' }).where(eq(state.name, 'seal')))
  return sealed
}

/** Only tokens that are there still, of users who are: whoever ended one since it was read has ended it. */
function moveTokens (database: DjangoDatabase, tx: Db, keys: string[]): Statement[] {
  const { cast, users, tables: { authtokenToken: drf, authtokenAccesstoken: access } } = database
  const { columnsOf } = accessTokenStatements(database)
  const isMoved = inArray(drf.key, keys)
  const rows = keys.map((key) => sql`(${sql.join([
    cast(key, drf.key),
    cast(generateId(), access.id),
    cast(`${SEALED_NAME}-${randomBase62(10)}`, access.name),
    cast(digestOf(key), access.digest),
    cast(drfHintOf(key), access.hint)
  ], sql`, `)})`)
  const isNameTaken = exists(tx.select({ one: sql`1` }).from(access)
    .where(and(eq(access.userId, drf.userId), eq(access.name, SEALED_NAME), isNull(access.replacedBy))))
  // In the order of the table's columns.
  const columns = {
    id: sql`moved.column2`.as('id'),
    userId: drf.userId,
    ...columnsOf({ kind: 'sealed' as const }),
    name: sql`case when ${isNameTaken} then moved.column3 else ${SEALED_NAME} end`.as('name'),
    digest: sql`moved.column4`.as('digest'),
    hint: sql`moved.column5`.as('hint'),
    ...columnsOf({ scope: '*' }),
    created: drf.created,
    ...columnsOf({ expires: null, lifetime: null, latest: null, lastUsed: null, disabled: false, replacedBy: null })
  }
  const moved = tx.select(columns)
    .from(sql`(values ${sql.join(rows, sql`, `)}) as moved`)
    .innerJoin(drf, eq(drf.key, sql`moved.column1`))
    .innerJoin(users.table, eq(users.id, drf.userId))
    // SQLite needs a condition between a join and `on conflict`.
    .where(sql`true`)
  return [
    ...database.lockRows(tx.select({ key: drf.key }).from(drf).where(isMoved)),
    tx.insert(access).select(moved).onConflictDoNothing({ target: access.digest }),
    tx.delete(drf).where(isMoved)
  ]
}
