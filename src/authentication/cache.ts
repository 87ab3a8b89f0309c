import { LRUCache } from 'lru-cache'
import type { Watch } from '../database/changes.js'
import type { Database } from '../database/database-interface.js'
import { type CacheOptions, cacheOptions } from '../options/cache-options.js'
import { withDefaults } from '../options/option-groups.js'
import { digestOf } from '../tokens/format.js'
import type { CachedIdentity } from './cached-identity.js'
import { createGenerations } from './generations.js'

/** Figures of a cache. */
export interface CacheStatistics {
  hits: number
  misses: number
  /** Tokens that are remembered. */
  size: number
  /** Whether changes by others are told at the moment. */
  watch: Watch['state']
}

/** What is known of a token; undefined: nobody has it. */
export type Answer = CachedIdentity | undefined | Promise<CachedIdentity | undefined>

/** Where tokens are looked up that are not remembered: only plausible ones. */
export interface Source {
  isPlausible (key: string): boolean
  lookUp (key: string, digest: string): Answer
}

interface PendingLookup {
  answer: Promise<CachedIdentity | undefined>
  /** The one after it, for callers who may not have its answer. */
  next?: Promise<CachedIdentity | undefined>
}

// Hashing a key is the largest part of a hit. Half of them are forgotten at once, which costs less than to keep an order.
const RECENT_DIGESTS = 2_000

/**
 * Remembers who has which token, by its digest, as long as the database's watch tells of every change.
 * An answer that a change may be about is asked for again, also where it was under way at the change. Of several callers at
 * once one asks; while nothing tells of changes, the others wait for a query that is sent after their call. Tokens that
 * nobody has are not remembered.
 */
export function createCache (database: Pick<Database, 'watch'>, source: Source, options: CacheOptions = {}) {
  const { size, ttlMs } = withDefaults(cacheOptions, options)
  const entries = size === 0 ? null : new LRUCache<string, CachedIdentity>({ max: size })
  const lookups = new Map<string, PendingLookup>()
  const generations = createGenerations()
  let recentDigests = new Map<string, string>()
  let formerDigests = recentDigests
  let watch: Watch | undefined
  let hits = 0
  let misses = 0

  return {
    /** Who has a token. What is remembered is there at once. */
    find,
    get statistics (): CacheStatistics {
      return { hits, misses, size: entries?.size ?? 0, watch: watch?.state ?? 'none' }
    }
  }

  function find (key: string): Answer {
    // The first use begins to watch: a program that checks no token needs no connection for it.
    watch ??= database.watch(generations.onChange)
    const isLive = watch.poll()
    const recent = recentDigests.get(key)
    const digest = recent ?? formerDigests.get(key) ?? digestOf(key)
    const entry = isLive ? entries?.get(digest) : undefined
    if (entry !== undefined && isCurrent(digest, entry)) {
      hits++
      // Only of keys that somebody has: junk takes nobody's place.
      if (recent === undefined) keepDigest(key, digest)
      return entry
    }
    return source.isPlausible(key) ? lookUp(key, digest, watch, isLive) : undefined
  }

  function isCurrent (digest: string, entry: CachedIdentity): boolean {
    if (entry.until <= performance.now() || entry.isExpired(Date.now())) return false
    const { current } = generations
    if (entry.generation === current) return true
    if (generations.isOutdated(entry.generation, digest, entry.userKey)) return false
    entry.generation = current
    return true
  }

  function lookUp (key: string, digest: string, watch: Watch, isLive: boolean): Answer {
    misses++
    const pending = lookups.get(digest)
    if (pending !== undefined) {
      // Where the database does not answer, nobody waits for that twice.
      return isLive ? pending.answer : (pending.next ??= pending.answer.then(() => find(key)))
    }
    const generation = generations.current
    const answer = source.lookUp(key, digest)
    if (answer instanceof Promise) {
      const settled = settle(key, digest, watch, answer, generation)
      lookups.set(digest, { answer: settled })
      return settled
    }
    if (isLive) keep(digest, answer, watch)
    return answer
  }

  /** An answer in which every change is that was told until it came. */
  async function settle (key: string, digest: string, watch: Watch, answer: Promise<CachedIdentity | undefined>, generation: number) {
    try {
      let found = await answer
      // Asked before the answer is looked at: a watch may tell of changes only when it is asked.
      let isLive = watch.poll()
      while (generations.isOutdated(generation, digest, found?.userKey)) {
        generation = generations.current
        found = await source.lookUp(key, digest)
        isLive = watch.poll()
      }
      if (isLive) keep(digest, found, watch)
      return found
    } finally {
      lookups.delete(digest)
    }
  }

  function keepDigest (key: string, digest: string): void {
    if (recentDigests.size >= RECENT_DIGESTS / 2) [recentDigests, formerDigests] = [new Map(), recentDigests]
    recentDigests.set(key, digest)
  }

  function keep (digest: string, found: CachedIdentity | undefined, { maxAgeMs }: Watch): void {
    if (entries === null) return
    if (found === undefined) {
      entries.delete(digest)
      return
    }
    found.pack()
    found.generation = generations.current
    // A whole number takes no memory of its own.
    found.until = Math.floor(performance.now() + Math.min(ttlMs, maxAgeMs))
    entries.set(digest, found)
  }
}
