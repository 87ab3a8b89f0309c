import { and, eq, gt, isNull, lt, or, sql } from 'drizzle-orm'
import type { Database } from '../database/database-interface.js'
import type { ExpiryPolicy } from '../tokens/expiry.js'
import type { CachedIdentity } from './cached-identity.js'

export type LastUsed = ReturnType<typeof createLastUsed>

const INTERVAL_MS = 60_000
// Three values a token; SQLite takes 32,766 in a statement.
const BATCH = 5_000

/** Keeps the last use of each access token in memory and writes it once a minute: a request costs no write. */
export function createLastUsed (database: Database, expiryPolicy: ExpiryPolicy) {
  let unwritten = new Map<string, CachedIdentity>()
  let flushing = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  return {
    /** Notes a use of a token. Written within a minute, and when the database is closed. @param at in milliseconds */
    record (identity: CachedIdentity, at: number): void {
      identity.used = at
      if (expiryPolicy.sliding) identity.movedExpiry = expiryPolicy.afterUse(identity.expiry, at)
      unwritten.set(identity.id, identity)
      // The next minute tries again.
      timer ??= setInterval(() => { flush().catch(() => {}) }, INTERVAL_MS).unref()
    },

    /** Writes what is left. A database that takes no writes must not keep the program from ending: then a warning says so. */
    async close (): Promise<void> {
      clearInterval(timer)
      try {
        await flush()
      } catch {
        process.emitWarning(`The last use of ${unwritten.size} tokens could not be written`, { code: 'AUTHTOKEN_USAGE_LOST' })
      }
    }
  }

  /** One at a time: what the one before could not write is in the next. */
  function flush (): Promise<void> {
    flushing = flushing.catch(() => {}).then(writeAll)
    return flushing
  }

  async function writeAll (): Promise<void> {
    const left = [...unwritten.values()]
    unwritten = new Map()
    while (left.length > 0) {
      const batch = left.splice(0, BATCH)
      try {
        await writeLastUsed(database, batch)
      } catch (error) {
        // Put back, where no later use came meanwhile.
        for (const identity of [...batch, ...left]) if (!unwritten.has(identity.id)) unwritten.set(identity.id, identity)
        throw error
      }
    }
  }
}

/** Forward only: an earlier use never replaces a later one, and none shortens a life or wakes a token that has ended. */
async function writeLastUsed (database: Database, batch: CachedIdentity[]): Promise<void> {
  const { db, run, cast, tables: { authtokenAccesstoken: tokens } } = database
  const times = batch.map(({ used }) => used as number)
  const rows = batch.map(({ id, movedExpiry }, i) =>
    sql`(${cast(id, tokens.id)}, ${cast(new Date(times[i] as number), tokens.lastUsed)}, ${cast(movedExpiry, tokens.expires)})`)
  const [id, used, movedExpiry] = [sql`uses.column1`, sql`uses.column2`, sql`uses.column3`]
  const isCurrent = and(eq(tokens.disabled, false), isNull(tokens.replacedBy), gt(tokens.expires, new Date()))
  const isLater = and(isCurrent, lt(tokens.expires, movedExpiry))
  await run(() => db.update(tokens)
    .set({ lastUsed: used, expires: sql`case when ${isLater} then ${movedExpiry} else ${tokens.expires} end` })
    .from(sql`(values ${sql.join(rows, sql`, `)}) as uses`)
    .where(and(eq(tokens.id, id), or(isNull(tokens.lastUsed), lt(tokens.lastUsed, used)))))
  for (const [i, identity] of batch.entries()) identity.lastUsed = times[i] as number
}
