import { randomBytes } from 'node:crypto'
import { AuthtokenError } from '../errors.js'
import type { User } from '../tokens/identity.js'
import { createEqualTime } from './equal-time.js'
import { HASHERS, type HasherName, readPassword } from './hashers/index.js'
import type { HashingQueue } from './hashing-queue.js'
import type { UserStore } from './store.js'

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
export type LoginResult = { user: User, password: string, reason: null } | { user: null, userId: number | null, reason: string }

/** Checks and makes passwords. */
export type Credentials = ReturnType<typeof createCredentials>

const SAMPLE = 1_000

/**
 * Usernames and passwords: checked as Django does, every refusal after the same time.
 * @param users where the hashes are kept
 * @param queue where hashes are computed
 */
export function createCredentials (users: UserStore, queue: HashingQueue, options: CredentialsOptions) {
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
  async function replace (id: number, weaker: string, password: string): Promise<string | null> {
    try {
      const encoded = await queue.encode(options.hasher, password)
      await users.replacePassword(id, weaker, encoded)
      return encoded
    } catch (error) {
      if (!(error instanceof AuthtokenError)) throw error
      return null
    }
  }

  /** Takes the same time for every refusal. */
  async function attempt (username: string, password: string): Promise<LoginResult> {
    surveyed ??= survey().catch((error) => { surveyed = null; throw error })
    const standIn = await surveyed
    const found = await users.findWithPassword(username)
    const stored = found === null ? null : readPassword(found.password)
    const { matches, ms } = await queue.verify(stored?.hash == null || found === null ? standIn : found.password, password)
    if (stored?.hash != null) equalTime.record(stored.hash.form, ms)

    const reason = refusal(found?.user, stored, matches)
    if (reason !== null || found === null || stored === null) {
      await equalTime.fill(ms)
      return { user: null, userId: found?.user.id ?? null, reason: reason ?? 'no such user' }
    }
    const isWeaker = options.rehash && stored.hash !== null && stored.weakerThan(HASHERS[options.hasher])
    const encoded = isWeaker ? await replace(found.user.id, found.password, password) : null
    const now = await users.findWithPassword(username)
    const stands = now !== null && now.user.isActive && (now.password === found.password || now.password === encoded)
    // Somebody set another password, or replaced the hash, while this one was computed: the new one decides.
    return stands ? { user: found.user, password: now.password, reason: null } : await attempt(username, password)
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

    /** Encodes a new password. @throws LoginQueueFull where too many wait */
    encode: (password: string): Promise<string> => queue.encode(options.hasher, password)
  }
}

function refusal (user: User | undefined, stored: ReturnType<typeof readPassword> | null, matches: boolean | null): string | null {
  if (user === undefined || stored === null) return 'no such user'
  if (stored.hash === null) return stored.reason
  if (matches === null) return 'the hash can not be computed'
  if (!matches) return 'wrong password'
  if (!user.isActive) return 'the user is not active'
  return null
}
