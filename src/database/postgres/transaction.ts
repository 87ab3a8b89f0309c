import { crc32 } from 'node:zlib'
import type pg from 'pg'
import type { Affected } from '../changes.js'
import { idKey, type UserId } from '../user-id.js'

// Two keys: one number for what is ours, and a user's id or 0 for all.
const LOCK_SPACE = 0x617574

/**
 * Runs statements between `begin` and `commit`. The locks are advisory, so that they need no right on Django's tables: each
 * user has one, and all that hold one share another, which whoever is to be alone takes for itself.
 */
export async function runTransaction (
  pool: pg.Pool,
  affected: Affected | undefined,
  statements: Array<{ toSQL (): { sql: string, params: unknown[] } }>
): Promise<number[]> {
  const client = await pool.connect()
  let broken: Error | undefined
  // One that ends between two statements says so here; the next statement fails.
  const ended = (error: Error) => { broken = error }
  client.on('error', ended)
  try {
    await client.query(`begin${lockFor(affected)}`)
    const counts = []
    for (const { sql, params } of statements.map((statement) => statement.toSQL())) {
      counts.push((await client.query(sql, params)).rowCount ?? 0)
    }
    await client.query('commit')
    return counts
  } catch (error) {
    // What does not even refuse a statement in time will not answer to a rollback either.
    if (isRefusal(error)) await client.query('rollback').catch(ended)
    else ended(error as Error)
    throw error
  } finally {
    client.off('error', ended)
    client.release(broken)
  }
}

function lockFor (affected: Affected | undefined): string {
  if (affected === undefined) return ''
  if (affected === 'all') return `; select pg_advisory_xact_lock(${LOCK_SPACE}, 0)`
  return `; select pg_advisory_xact_lock_shared(${LOCK_SPACE}, 0), pg_advisory_xact_lock(${LOCK_SPACE}, ${lockOf(affected.user)})`
}

/** A user's lock: the id where it is a number that fits, and what comes out of it otherwise. 0 is everybody's. */
function lockOf (user: UserId): number {
  const id = Number(user)
  return Number.isInteger(id) && id > 0 && id < 2 ** 31 ? id : (crc32(idKey(user)) | 0) || 1
}

const isRefusal = (error: unknown): boolean => typeof (error as { severity?: unknown }).severity === 'string'
