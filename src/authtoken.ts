import type { DatabaseOptions, HostDatabase } from './database/database.js'
import { isEmbedded, openDatabase } from './database/open.js'
import { DatabaseUnusable } from './errors.js'
import { createAuthenticator } from './tokens/authenticator.js'
import type { CacheOptions } from './tokens/cache.js'
import { createAccessStore, type LimitOptions } from './tokens/access-store.js'
import { createDrfStore } from './tokens/drf-store.js'
import { createTokenFormat } from './tokens/format.js'
import { createLifePolicy, type LifeOptions } from './tokens/life.js'
import { createTokens, type TokenKind } from './tokens/tokens.js'
import { createUsage } from './tokens/usage.js'
import { createAccounts, type OnUserCreated } from './users/accounts.js'
import { createCredentials } from './users/credentials.js'
import type { HasherName } from './users/hashers/index.js'
import { createHashingQueue, type HashingQueueOptions } from './users/hashing-queue.js'
import { createUserStore } from './users/store.js'

/** What everything above works with: the service, the commands and a host application alike. */
export interface AuthtokenOptions extends DatabaseOptions {
  /** `file:<path>`, `postgres://…`, or the host's own Drizzle instance, which is neither migrated nor closed. */
  database: string | HostDatabase
  /** Brings the tables up to date first. @default true for a file, false for a server; never done for a Drizzle instance */
  migrate?: boolean
  onUserCreated?: OnUserCreated
  tokens?: TokenOptions
  passwords?: PasswordOptions
  cache?: CacheOptions
}

/** Which tokens are made, and how they live. */
export interface TokenOptions extends LifeOptions, LimitOptions {
  /**
   * What new users and the exchange get: `'drf'`, the one token of `authtoken_token`; `'access'`: the exchange makes a new
   * access token each time, and nothing is stored in clear.
   * @default 'drf'
   */
  kind?: TokenKind
  /** What access tokens begin with: 1 to 12 lower-case letters and digits. @default 'fat' */
  prefix?: string
}

/** How passwords are hashed. */
export interface PasswordOptions extends HashingQueueOptions {
  /** Of new passwords. @default 'argon2'; 'pbkdf2_sha256' on a database of Django's, which reads it without extra packages */
  hasher?: HasherName
  /**
   * Whether a good login replaces a weaker hash.
   * @default true; false on a database of Django's, where a new hash ends the user's sessions
   */
  rehash?: boolean
}

/** An open database with users and tokens. */
export type Authtoken = Awaited<ReturnType<typeof openAuthtoken>>

/**
 * Opens the database and puts users, passwords and tokens on it.
 * @throws DatabaseUnusable, InvalidSettings
 */
export async function openAuthtoken ({ database: source, migrate = isEmbedded(source), onUserCreated, passwords = {}, tokens: tokenOptions = {}, cache = {}, ...options }: AuthtokenOptions) {
  const database = await openDatabase(source, options)
  try {
    if (migrate && typeof source === 'string') await database.migrate()
    const { unusable } = await database.inspect()
    if (unusable.length > 0) throw new DatabaseUnusable(`${database.name} ${unusable.join('; ')}`)
    const { hasher, rehash, ...queueOptions } = passwords
    const userStore = createUserStore(database)
    const queue = createHashingQueue(queueOptions)
    const credentials = createCredentials(userStore, queue, {
      hasher: hasher ?? (database.django ? 'pbkdf2_sha256' : 'argon2'),
      rehash: rehash ?? !database.django
    })
    const format = createTokenFormat(tokenOptions.prefix)
    const life = createLifePolicy(tokenOptions)
    const usage = createUsage(database, life)
    const tokens = createTokens(database, createDrfStore(database), createAccessStore(database, format, life, tokenOptions), tokenOptions.kind ?? 'drf')
    return {
      database,
      tokens,
      credentials,
      users: createAccounts(userStore, credentials, tokens, onUserCreated),
      authenticator: createAuthenticator(database, format, usage, cache),
      /** Writes when tokens were last used, ends the threads that hash, and closes the database where it was opened here. */
      async close (): Promise<void> {
        await usage.close()
        await queue.close()
        await database.close()
      }
    }
  } catch (error) {
    await database.close()
    throw error
  }
}
