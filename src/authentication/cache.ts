import { LRUCache } from 'lru-cache'
import type { Change, Watch } from '../database/changes.js'
import type { Database } from '../database/database-interface.js'
import { type CacheOptions, cacheOptions } from '../options/cache-options.js'
import { withDefaults } from '../options/option-groups.js'
import { createDigests } from './digests.js'

/** Figures of a cache. */
export interface CacheStatistics {
  hits: number
  misses: number
  /** Tokens that are remembered. */
  size: number
  /** Whether changes by others are told at the moment. */
  watch: Watch['state']
}

/** Remembers whose tokens are whose. */
export type Cache<Known extends Remembered<Known>> = ReturnType<typeof createCache<Known>>

/** An answer that can be remembered. Those of one user are a chain. */
export interface Remembered<Self> {
  /** By `idKey`. */
  readonly userKey: string
  /** Makes it small. */
  pack (): void
  /** The cache's own: since when it is remembered, and until when, in milliseconds of the clock that never goes back. */
  generation: number
  until: number
  sibling: Self | undefined
}

/** A query that is under way. */
interface Flight<Known> {
  answer: Promise<Known | undefined>
  /** The token changed since it was sent. */
  outdated: boolean
  /** Users who changed since it was sent: whose token it is, is not known yet. */
  changed: Set<string>
  /** The one after it, for callers who may not have its answer. */
  next?: Promise<Known | undefined>
}

/**
 * Remembers what was found out about tokens, by their digests, as long as the database's watch tells of every change.
 * - An answer is remembered only where nothing changed that it may be about since its query was sent; otherwise it is
 *   asked for again, so that nobody gets an answer from before a change that was told.
 * - Of several callers at once one asks; while nothing tells of changes, callers wait for the query after the one that
 *   is under way, so that none has an answer from before its call.
 * - Tokens that nobody has are not remembered. Callers at the same moment of the database share any answer.
 * - Where the driver is synchronous, so is the answer; on a hit it is in any case.
 * @param database whose changes count
 * @param isOver whether an answer seems to have ended by itself: then it is asked for again
 */
export function createCache<Known extends Remembered<Known>> (database: Pick<Database, 'watch' | 'moment'>, isOver: (known: Known) => boolean, options: CacheOptions = {}) {
  const { size, ttlMs } = withDefaults(cacheOptions, options)
  const entries = size === 0 ? null : new LRUCache<string, Known>({ max: size, dispose: unlink })
  const users = new Map<string, Known>()
  const digests = createDigests()
  const flights = new Map<string, Flight<Known>>()
  const answers = new Map<string, Known | undefined>()
  let moment: object | null = null
  let watch: Watch | undefined
  let generation = 0
  let hits = 0
  let misses = 0

  function unlink (entry: Known): void {
    const user = entry.userKey
    let before = users.get(user)
    if (before === entry) {
      if (entry.sibling === undefined) users.delete(user)
      else users.set(user, entry.sibling)
      return
    }
    while (before !== undefined && before.sibling !== entry) before = before.sibling
    if (before !== undefined) before.sibling = entry.sibling
  }

  function hear (change: Change): void {
    if (change === 'all') {
      generation++
      for (const flight of flights.values()) flight.outdated = true
    } else if ('digest' in change) {
      entries?.delete(change.digest)
      const flight = flights.get(change.digest)
      if (flight !== undefined) flight.outdated = true
    } else {
      for (let entry = users.get(change.user); entry !== undefined; entry = entry.sibling) entry.until = 0
      for (const flight of flights.values()) flight.changed.add(change.user)
    }
  }

  /** The first use begins to watch: a program that checks no token needs no connection for it. */
  const begin = (): Watch => (watch = database.watch(hear))

  function keep (digest: string, known: Known | undefined): void {
    if (entries === null) return
    if (known === undefined) {
      entries.delete(digest)
      return
    }
    known.pack()
    known.generation = generation
    // A whole number takes no memory of its own.
    known.until = Math.floor(performance.now() + Math.min(ttlMs, (watch as Watch).maxAgeMs))
    // Takes the former entry out of its chain.
    entries.set(digest, known)
    known.sibling = users.get(known.userKey)
    users.set(known.userKey, known)
  }

  async function follow (digest: string, flight: Flight<Known>, first: Promise<Known | undefined>, ask: () => Known | undefined | Promise<Known | undefined>): Promise<Known | undefined> {
    try {
      let known = await first
      // Asked before what is known is looked at: a watch may tell of changes only when it is asked.
      let isCurrent = (watch as Watch).poll()
      while (flight.outdated || (known !== undefined && flight.changed.has(known.userKey))) {
        flight.outdated = false
        flight.changed.clear()
        known = await ask()
        isCurrent = (watch as Watch).poll()
      }
      if (isCurrent) keep(digest, known)
      return known
    } finally {
      flights.delete(digest)
    }
  }

  function recallDigest (digest: string): Known | undefined {
    if (!(watch ?? begin()).poll()) return undefined
    const known = entries?.get(digest)
    if (known === undefined || known.generation !== generation || known.until <= performance.now() || isOver(known)) return undefined
    hits++
    return known
  }

  function findDigest (digest: string, ask: () => Known | undefined | Promise<Known | undefined>): Known | undefined | Promise<Known | undefined> {
    const isCurrent = (watch ?? begin()).poll()
    misses++
    const flight = flights.get(digest)
    if (flight !== undefined) {
      if (isCurrent) return flight.answer
      // Where the database does not answer, nobody waits for that twice.
      return (flight.next ??= flight.answer.then(() => recallDigest(digest) ?? findDigest(digest, ask)))
    }
    const now = database.moment()
    if (now !== moment) {
      moment = now
      answers.clear()
    }
    if (now !== null && answers.has(digest)) return answers.get(digest)
    const answer = ask()
    if (!(answer instanceof Promise)) {
      if (isCurrent) keep(digest, answer)
      if (now !== null) answers.set(digest, answer)
      return answer
    }
    const own: Flight<Known> = { answer, outdated: false, changed: new Set() }
    flights.set(digest, own)
    own.answer = follow(digest, own, answer, ask)
    return own.answer
  }

  return {
    /** What is remembered of a token, where that is what the database says still. */
    recall (key: string): Known | undefined {
      if (entries === null) return undefined
      const digest = digests.of(key)
      const known = recallDigest(digest)
      if (known !== undefined) digests.keep(key, digest)
      return known
    },

    /**
     * Finds out about a token that is not remembered.
     * @param ask asks the database, by the key's digest
     */
    find (key: string, ask: (digest: string) => Known | undefined | Promise<Known | undefined>): Known | undefined | Promise<Known | undefined> {
      const digest = digests.of(key)
      return findDigest(digest, () => ask(digest))
    },

    /** Figures for operators. */
    get statistics (): CacheStatistics {
      return { hits, misses, size: entries?.size ?? 0, watch: watch?.state ?? 'none' }
    }
  }
}
