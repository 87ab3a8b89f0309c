import { and, asc, eq, exists, gt, inArray, isNull, sql } from 'drizzle-orm'
import type { DjangoDatabase } from '../database/database-interface.js'
import { DatabaseUnusable } from '../errors.js'
import { SEALED_NAME } from './access-token.js'
import { digestOf, generateId, randomBase62 } from './format.js'
import { hintOf } from './drf-key.js'

/** How far sealing has come. */
export interface SealingProgress {
  /** DRF tokens that are digests now. */
  sealed: number
  /** DRF tokens that there were at the start. */
  total: number
}

const BATCH = 500

/**
 * Turns every DRF token of a database into a digest, in place: clients go on with the tokens they have. From the first
 * moment on no DRF token is made any more. It may be stopped anywhere: a token is in one table or in the other, and
 * the next call does the rest. At the end nothing in clear is left, in the file either.
 * @param database an open database, migrated
 * @param onProgress is told after each batch
 * @returns how many were sealed by this call
 */
export async function sealTokens (database: DjangoDatabase, onProgress: (progress: SealingProgress) => void = () => {}): Promise<number> {
  const { db, users, tables: { authtokenToken: drf, authtokenAccesstoken: access, authtokenState: state } } = database
  await database.transaction((tx) => [tx.insert(state).values({ name: 'seal', value: 'begun' }).onConflictDoUpdate({ target: state.name, set: { value: 'begun' } })], 'all')
  database.overwriteDeleted()

  const total = await database.run(() => db.$count(drf))
  let sealed = 0
  for (let last = '', full = true; full;) {
    const batch = await database.run(() => db.select().from(drf).where(gt(drf.key, last)).orderBy(asc(drf.key)).limit(BATCH))
    const moved = sql.join(batch.map(({ key }) => sql`(${database.cast(key, drf.key)}, ${database.cast(generateId(), access.id)}, ${database.cast(`${SEALED_NAME}-${randomBase62(10)}`, access.name)}, ${database.cast(digestOf(key), access.digest)}, ${database.cast(hintOf(key), access.hint)})`), sql`, `)
    // Whoever ended a token since it was read has ended it: only one that is there still is moved, and only one whose user is.
    if (batch.length > 0) {
      const keys = inArray(drf.key, batch.map(({ key }) => key))
      await database.transaction((tx) => [
        ...database.lockRows(tx.select({ key: drf.key }).from(drf).where(keys)),
        tx.insert(access).select(tx.select({
          id: sql`moved.column2`.as('id'),
          userId: drf.userId,
          kind: database.cast('sealed', access.kind).as('kind'),
          name: sql`case when ${exists(tx.select({ one: sql`1` }).from(access).where(and(eq(access.userId, drf.userId), eq(access.name, SEALED_NAME), isNull(access.replacedBy))))} then moved.column3 else ${SEALED_NAME} end`.as('name'),
          digest: sql`moved.column4`.as('digest'),
          hint: sql`moved.column5`.as('hint'),
          scope: database.cast('*', access.scope).as('scope'),
          created: drf.created,
          expires: database.cast(null, access.expires).as('expires'),
          lifetime: database.cast(null, access.lifetime).as('lifetime'),
          latest: database.cast(null, access.latest).as('latest'),
          lastUsed: database.cast(null, access.lastUsed).as('last_used'),
          disabled: database.cast(false, access.disabled).as('disabled'),
          replacedBy: database.cast(null, access.replacedBy).as('replaced_by')
        }).from(sql`(values ${moved}) as moved`).innerJoin(drf, eq(drf.key, sql`moved.column1`)).innerJoin(users.table, eq(users.id, drf.userId)).where(sql`true`)).onConflictDoNothing({ target: access.digest }),
        tx.delete(drf).where(keys)
      ], 'all')
    }
    sealed += batch.length
    full = batch.length === BATCH
    last = batch.at(-1)?.key ?? last
    onProgress({ sealed, total })
  }
  try {
    await database.scrub()
  } catch (error) {
    throw new DatabaseUnusable('Every DRF token is a digest now, but the file could not be rewritten, so that traces of them are left in it: another program reads it, or the disk is full. Run "authtoken tokens seal" again.', { cause: error })
  }
  await database.run(() => db.update(state).set({ value: 'done' }).where(eq(state.name, 'seal')))
  return sealed
}
