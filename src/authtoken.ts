import type { DatabaseOptions, HostDatabase } from './database/database.js'
import { openDatabase } from './database/open.js'
import { DatabaseUnusable } from './errors.js'
import { createAuthenticator } from './tokens/authenticator.js'
import { createTokenStore } from './tokens/store.js'
import { createAccounts, type OnUserCreated } from './users/accounts.js'
import { createCredentials } from './users/credentials.js'
import type { HasherName } from './users/hashers/index.js'
import { createHashingQueue, type HashingQueueOptions } from './users/hashing-queue.js'
import { createUserStore } from './users/store.js'

/** What everything above works with: the service, the commands and a host application alike. */
export interface AuthtokenOptions extends DatabaseOptions {
  /** `file:<path>`, or the host's own Drizzle instance, which is neither migrated nor closed. */
  database: string | HostDatabase
  /** Brings the tables up to date first. @default true for a URL; never done for a Drizzle instance */
  migrate?: boolean
  onUserCreated?: OnUserCreated
  passwords?: PasswordOptions
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
export async function openAuthtoken ({ database: source, migrate = typeof source === 'string', onUserCreated, passwords = {}, ...options }: AuthtokenOptions) {
  const database = await openDatabase(source, options)
  try {
    if (migrate) await database.migrate()
    const { unusable } = database.inspect()
    if (unusable.length > 0) throw new DatabaseUnusable(`The database ${unusable.join('; ')}`)
    const { hasher, rehash, ...queueOptions } = passwords
    const userStore = createUserStore(database)
    const queue = createHashingQueue(queueOptions)
    const credentials = createCredentials(userStore, queue, {
      hasher: hasher ?? (database.django ? 'pbkdf2_sha256' : 'argon2'),
      rehash: rehash ?? !database.django
    })
    const tokens = createTokenStore(database)
    return {
      database,
      tokens,
      credentials,
      users: createAccounts(userStore, credentials, tokens, onUserCreated),
      authenticator: createAuthenticator(database),
      /** Ends the threads that hash, and closes the database where it was opened here. */
      async close (): Promise<void> {
        await queue.close()
        database.close()
      }
    }
  } catch (error) {
    database.close()
    throw error
  }
}
