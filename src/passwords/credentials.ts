import { randomBytes } from 'node:crypto'
import { AuthtokenError } from '../errors.js'
import type { UserId } from '../database/user-id.js'
import type { Account } from '../identity/identity.js'
import { createEqualTime } from './equal-time.js'
import { HASHERS, type HasherName, readPassword } from './hashers/index.js'
import type { HashingQueue } from './hashing-queue.js'
import type { Login, LoginStore } from './login-store.js'

/**
 * The outcome of a login. `reason` is for the log. `password` is the encoding that matched: no token is issued once it changes;
 * undefined where there is none: then who may wait has to ask again.
 */
export type LoginResult =
  | { account: Account, password?: string | undefined, reason: null }
  | { account: null, userId: UserId | null, reason: string }

export type Credentials = ReturnType<typeof createCredentials>

const SAMPLE_SIZE = 1_000

/**
 * Usernames and passwords, checked as Django does, every refusal after the same time.
 * @param options the algorithm of new hashes, and whether a good login replaces a weaker hash by one of it
 */
export function createCredentials (users: LoginStore, queue: HashingQueue, options: { hasher: HasherName, rehash: boolean }) {
  const equalTime = createEqualTime()
  let decoy: Promise<string> | null = null

  return {
    /** Checks a username, exactly as it is stored, and a password. @throws LoginQueueFull where too many logins wait */
    async verify (username: string, password: string): Promise<LoginResult> {
      queue.refuseIfFull()
      return await logIn(username, password)
    },

    /** Compares a password with an encoded one; null: there is no such user, which takes the same time. @throws as `verify` */
    async compare (encoded: string | null, password: string): Promise<boolean> {
      queue.refuseIfFull()
      const { matches, ms } = await hash(encoded, password)
      if (!matches) await equalTime.waitOut(ms)
      return matches === true
    },

    encode: (password: string): Promise<string> => queue.encode(options.hasher, password)
  }

  async function logIn (username: string, password: string): Promise<LoginResult> {
    const found = await users.findWithPassword(username)
    const { stored, matches, ms } = await hash(found?.password ?? null, password)

    const reason = refusal(found, stored, matches)
    if (reason !== null || found === null || stored === null) {
      await equalTime.waitOut(ms)
      return { account: null, userId: found?.userId ?? null, reason: reason ?? 'no such user' }
    }
    const isWeaker = options.rehash && stored.hash !== null && stored.weakerThan(HASHERS[options.hasher])
    const replaced = isWeaker ? await rehash(found.userId, found.password, password) : null
    const now = await users.findWithPassword(username)
    const stands = now !== null && now.isActive && (now.password === found.password || now.password === replaced)
    // Somebody set another password, or replaced the hash, while this one was computed: the new one decides.
    return stands ? { account: found, password: now.password, reason: null } : await logIn(username, password)
  }

  /** Computes a hash in any case: where there is none to compare with, a decoy, which nothing matches. */
  async function hash (encoded: string | null, password: string) {
    decoy ??= timeForms().catch((error) => { decoy = null; throw error })
    const standIn = await decoy
    const stored = encoded === null ? null : readPassword(encoded)
    const isReal = encoded !== null && stored !== null && stored.hash !== null
    const { matches, ms } = await queue.verify(isReal ? encoded : standIn, password)
    // One that could not be computed says nothing of how long it takes.
    if (isReal && matches !== null) equalTime.record(stored.hash.form, ms)
    return { stored, matches: isReal ? matches : false, ms }
  }

  /** Times a hash of each form in the table, so that the first refusal takes its time too. @returns the decoy */
  async function timeForms (): Promise<string> {
    const encoded = await queue.encode(options.hasher, randomBytes(16).toString('hex'))
    for (const sample of [encoded, ...await users.samplePasswords(SAMPLE_SIZE)]) {
      const { hash } = readPassword(sample)
      if (hash === null || equalTime.hasTimed(hash.form)) continue
      equalTime.record(hash.form, (await queue.verify(sample, 'a password that nobody has')).ms)
    }
    return encoded
  }

  /** Null where the queue is full or the database busy: the next login replaces the hash. */
  async function rehash (id: UserId, weaker: string, password: string): Promise<string | null> {
    try {
      const encoded = await queue.encode(options.hasher, password)
      await users.replacePassword(id, weaker, encoded)
      return encoded
    } catch (error) {
      if (!(error instanceof AuthtokenError)) throw error
      return null
    }
  }
}

function refusal (found: Login | null, stored: ReturnType<typeof readPassword> | null, matches: boolean | null): string | null {
  if (found === null || stored === null) return 'no such user'
  if (stored.hash === null) return stored.reason
  if (matches === null) return 'the hash can not be computed'
  if (!matches) return 'wrong password'
  return found.isActive ? null : 'the user is not active'
}
