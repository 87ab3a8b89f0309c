import { randomBytes } from 'node:crypto'
import { AuthtokenError } from '../errors.js'
import type { UserId } from '../database/user-id.js'
import type { Account } from '../identity/identity.js'
import { createEqualTime } from './equal-time.js'
import { HASHERS, type HasherName, readPassword } from './hashers/index.js'
import type { HashingQueue } from './hashing-queue.js'
import type { Login, LoginStore } from './login-store.js'

/** How passwords are hashed. */
export interface CredentialsOptions {
  /** The algorithm of new hashes. */
  hasher: HasherName
  /** Whether a good login replaces a weaker hash by one of `hasher`. */
  rehash: boolean
}

/**
 * The outcome of a login. The reason is for the log: outside, every failure looks the same.
 * `password` is the encoding that the password was compared with: what follows from the login holds only while it stands.
 */
export type LoginResult = { account: Account, password?: string, reason: null } | { account: null, userId: UserId | null, reason: string }

/** Checks and makes passwords. */
export type Credentials = ReturnType<typeof createCredentials>

const SAMPLE = 1_000

/**
 * Usernames and passwords: checked as Django does, every refusal after the same time.
 * @param users where the hashes are kept
 * @param queue where hashes are computed
 */
export function createCredentials (users: LoginStore, queue: HashingQueue, options: CredentialsOptions) {
  const equalTime = createEqualTime()
  let surveyed: Promise<string> | null = null

  /**
   * Times a hash of each form in the table once, the preferred one included, so that the floor is right from the first refusal.
   * @returns what is computed for a user who has no hash, or does not exist
   */
  async function survey (): Promise<string> {
    const encoded = await queue.encode(options.hasher, randomBytes(16).toString('hex'))
    for (const sample of [encoded, ...await users.samplePasswords(SAMPLE)]) {
      const { hash } = readPassword(sample)
      if (hash !== null && !equalTime.knows(hash.form)) equalTime.record(hash.form, (await queue.verify(sample, 'a password that nobody has')).ms)
    }
    return encoded
  }

  /**
   * Leaves the weaker hash for the next login where the queue is full or the database busy: the login itself is good.
   * @returns the new encoding, or null
   */
  async function replace (id: UserId, weaker: string, password: string): Promise<string | null> {
    try {
      const encoded = await queue.encode(options.hasher, password)
      await users.replacePassword(id, weaker, encoded)
      return encoded
    } catch (error) {
      if (!(error instanceof AuthtokenError)) throw error
      return null
    }
  }

  /** Computes a hash in any case: that of the password where there is one to compare with, and a stand-in otherwise. */
  async function compute (encoded: string | null, password: string) {
    surveyed ??= survey().catch((error) => { surveyed = null; throw error })
    const standIn = await surveyed
    const stored = encoded === null ? null : readPassword(encoded)
    const { matches, ms } = await queue.verify(stored?.hash == null || encoded === null ? standIn : encoded, password)
    // One that could not be computed says nothing of how long it takes.
    if (stored?.hash != null && matches !== null) equalTime.record(stored.hash.form, ms)
    return { stored, matches, ms }
  }

  /** Takes the same time for every refusal. */
  async function attempt (username: string, password: string): Promise<LoginResult> {
    const found = await users.findWithPassword(username)
    const { stored, matches, ms } = await compute(found?.password ?? null, password)

    const reason = refusal(found, stored, matches)
    if (reason !== null || found === null || stored === null) {
      await equalTime.fill(ms)
      return { account: null, userId: found?.userId ?? null, reason: reason ?? 'no such user' }
    }
    const isWeaker = options.rehash && stored.hash !== null && stored.weakerThan(HASHERS[options.hasher])
    const encoded = isWeaker ? await replace(found.userId, found.password, password) : null
    const now = await users.findWithPassword(username)
    const stands = now !== null && now.isActive && (now.password === found.password || now.password === encoded)
    // Somebody set another password, or replaced the hash, while this one was computed: the new one decides.
    return stands ? { account: found, password: now.password, reason: null } : await attempt(username, password)
  }

  return {
    /**
     * Checks a username and password.
     * @param username exact, as it is stored
     * @throws LoginQueueFull where too many logins wait
     */
    async verify (username: string, password: string): Promise<LoginResult> {
      queue.refuseIfFull()
      return await attempt(username, password)
    },

    /**
     * Compares a password with an encoded one. Every refusal takes the same time, that of nobody too.
     * @param encoded in any form that is understood; null: there is no such user
     * @throws LoginQueueFull where too many wait
     */
    async compare (encoded: string | null, password: string): Promise<boolean> {
      queue.refuseIfFull()
      const { stored, matches, ms } = await compute(encoded, password)
      const isRight = stored?.hash != null && matches === true
      if (!isRight) await equalTime.fill(ms)
      return isRight
    },

    /** Encodes a new password. @throws LoginQueueFull where too many wait */
    encode: (password: string): Promise<string> => queue.encode(options.hasher, password)
  }
}

function refusal (found: Login | null, stored: ReturnType<typeof readPassword> | null, matches: boolean | null): string | null {
  if (found === null || stored === null) return 'no such user'
  if (stored.hash === null) return stored.reason
  if (matches === null) return 'the hash can not be computed'
  if (!matches) return 'wrong password'
  if (!found.isActive) return 'the user is not active'
  return null
}
