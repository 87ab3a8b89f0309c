import { and, asc, eq, exists, gt, isNull, sql } from 'drizzle-orm'
import type { Database } from '../database/database.js'
import { DatabaseUnusable } from '../errors.js'
import { SEALED_NAME } from './access-token.js'
import { digestOf, generateId, randomBase62 } from './format.js'
import { hintOf } from './key.js'

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
export async function sealTokens (database: Database, onProgress: (progress: SealingProgress) => void = () => {}): Promise<number> {
  const { db, schema: { users, authtokenToken: drf, authtokenAccesstoken: access, authtokenState: state } } = database
  await database.run(() => db.insert(state).values({ name: 'seal', value: 'begun' }).onConflictDoUpdate({ target: state.name, set: { value: 'begun' } }))
  database.overwriteDeleted()

  const total = await database.run(() => db.$count(drf))
  let sealed = 0
  for (let last = '', full = true; full;) {
    const batch = await database.run(() => db.select().from(drf).where(gt(drf.key, last)).orderBy(asc(drf.key)).limit(BATCH))
    // Whoever ended a token since it was read has ended it: only one that is there still is moved, and only one whose user is.
    await database.transaction((tx) => batch.flatMap(({ key, userId }) => [
      tx.insert(access).select(tx.select({
        id: sql`${generateId()}`.as('id'),
        userId: drf.userId,
        kind: sql`'sealed'`.as('kind'),
        name: sql`case when ${exists(tx.select({ one: sql`1` }).from(access).where(and(eq(access.userId, userId), eq(access.name, SEALED_NAME), isNull(access.replacedBy))))}
          then ${`${SEALED_NAME}-${randomBase62(10)}`} else ${SEALED_NAME} end`.as('name'),
        digest: sql`${digestOf(key)}`.as('digest'),
        hint: sql`${hintOf(key)}`.as('hint'),
        scope: sql`'*'`.as('scope'),
        created: drf.created,
        expires: sql`null`.as('expires'),
        lifetime: sql`null`.as('lifetime'),
        latest: sql`null`.as('latest'),
        lastUsed: sql`null`.as('last_used'),
        disabled: sql`${sql.param(false, access.disabled)}`.as('disabled'),
        replacedBy: sql`null`.as('replaced_by')
      }).from(drf).innerJoin(users, eq(users.id, drf.userId)).where(eq(drf.key, key))).onConflictDoNothing({ target: access.digest }),
      tx.delete(drf).where(eq(drf.key, key))
    ]))
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
