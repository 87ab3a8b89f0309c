import { and, eq, gt, isNull, lt, or, sql } from 'drizzle-orm'
import type { Database } from '../database/database-interface.js'
import type { CachedIdentity } from './cached-identity.js'
import type { ExpiryPolicy } from '../tokens/expiry.js'

/** Gathers when tokens are used. */
export type Usage = ReturnType<typeof createLastUsed>

/** How often `last_used` is written. */
const INTERVAL_MS = 60_000
// Three values a token; SQLite takes 32,766 in a statement.
const BATCH = 5_000

/**
 * Keeps the last use of each access token in memory and writes it once a minute: a request costs no write.
 * @param database an open database
 * @param life says whether a use pushes the expiry
 */
export function createLastUsed (database: Database, life: ExpiryPolicy) {
  const { db, tables: { authtokenAccesstoken: tokens } } = database
  let gathered = new Map<string, CachedIdentity>()
  let flushing = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  /** Forward only: an earlier use never replaces a later one, and no push shortens a life or wakes a token that has ended. */
  async function write (batch: CachedIdentity[]): Promise<void> {
    const times = batch.map(({ used }) => used)
    const values = sql.join(batch.map(({ id, used, pushed }) => sql`(${database.cast(id, tokens.id)}, ${database.cast(new Date(used as number), tokens.lastUsed)}, ${database.cast(pushed, tokens.expires)})`), sql`, `)
    const pushed = sql`used.column3`
    const slides = and(eq(tokens.disabled, false), isNull(tokens.replacedBy), gt(tokens.expires, new Date()), lt(tokens.expires, pushed))
    await database.run(() => db.update(tokens)
      .set({ lastUsed: sql`used.column2`, expires: sql`case when ${slides} then ${pushed} else ${tokens.expires} end` })
      .from(sql`(values ${values}) as used`)
      .where(and(eq(tokens.id, sql`used.column1`), or(isNull(tokens.lastUsed), lt(tokens.lastUsed, sql`used.column2`)))))
    for (const [index, known] of batch.entries()) known.lastUsed = times[index] ?? null
  }

  /** Puts back what could not be written, where no later use came meanwhile. */
  function keep (batch: CachedIdentity[]): void {
    for (const known of batch) if (!gathered.has(known.id)) gathered.set(known.id, known)
  }

  async function writeAll (): Promise<void> {
    const batches = [...gathered.values()]
    gathered = new Map()
    while (batches.length > 0) {
      const batch = batches.splice(0, BATCH)
      try {
        await write(batch)
      } catch (error) {
        keep([...batch, ...batches])
        throw error
      }
    }
  }

  /** One at a time: what the one before could not write is in the next. */
  function flush (): Promise<void> {
    flushing = flushing.catch(() => {}).then(writeAll)
    return flushing
  }

  return {
    /** Notes a use of a token. Written within a minute, and when the database is closed. @param at in milliseconds */
    record (known: CachedIdentity, at: number): void {
      known.used = at
      if (life.sliding) known.pushed = life.push(known.life, at)
      gathered.set(known.id, known)
      // The next minute tries again.
      timer ??= setInterval(() => { flush().catch(() => {}) }, INTERVAL_MS).unref()
    },

    /** Writes what is left. A database that takes no writes must not keep the program from ending: then a warning says so. */
    async close (): Promise<void> {
      clearInterval(timer)
      try {
        await flush()
      } catch {
        process.emitWarning(`The last use of ${gathered.size} tokens could not be written`, { code: 'AUTHTOKEN_USAGE_LOST' })
      }
    }
  }
}
