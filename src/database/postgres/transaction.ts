import { crc32 } from 'node:zlib'
import type pg from 'pg'
import { PermissionDenied } from '../../errors.js'
import type { Affected } from '../changes.js'
import { idKey, type UserId } from '../user-id.js'

// Two keys: one number for what is ours, and a user's id or 0 for all.
const LOCK_SPACE = 0x617574

interface Statement { toSQL (): { sql: string, params: unknown[] } }
interface Guard { user: UserId, condition (): Statement }

/**
 * Runs statements between `begin` and `commit`. The locks are advisory, so that they need no right on Django's tables: each
 * user has one, and all that hold one share another, which whoever is to be alone takes for itself.
 */
export async function runTransaction (
  pool: pg.Pool, statements: Statement[], affected: Affected | undefined, guard: Guard | undefined
): Promise<number[]> {
  const client = await pool.connect()
  let broken: Error | undefined
  // One that ends between two statements says so here; the next statement fails.
  const ended = (error: Error) => { broken = error }
  client.on('error', ended)
  try {
    await client.query(`begin${locksFor(affected, guard)}`)
    if (guard !== undefined) {
      const { sql, params } = guard.condition().toSQL()
      if ((await client.query(sql, params)).rowCount === 0) throw new PermissionDenied()
    }
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

/** One after the other, in the order of their numbers, so that no two transactions wait for each other. */
function locksFor (affected: Affected | undefined, guard: Guard | undefined): string {
  if (affected === 'all') return `; select pg_advisory_xact_lock(${LOCK_SPACE}, 0)`
  const locks = new Map<number, string>()
  if (guard !== undefined) locks.set(lockOf(guard.user), '_shared')
  if (affected !== undefined) locks.set(lockOf(affected.user), '')
  if (locks.size === 0) return ''
  const inOrder = [...locks].sort(([a], [b]) => a - b)
  const all: Array<[number, string]> = [[0, '_shared'], ...inOrder]
  return all.map(([number, mode]) => `; select pg_advisory_xact_lock${mode}(${LOCK_SPACE}, ${number})`).join('')
}

/** A user's lock: the id where it is a number that fits, and what comes out of it otherwise. 0 is everybody's. */
function lockOf (user: UserId): number {
  const id = Number(user)
  return Number.isInteger(id) && id > 0 && id < 2 ** 31 ? id : (crc32(idKey(user)) | 0) || 1
}

const isRefusal = (error: unknown): boolean =>
  error instanceof PermissionDenied || typeof (error as { severity?: unknown }).severity === 'string'
