import { type DatabaseOptions, type Database, type HostDatabase } from './database/database-interface.js'
import { hostProblems } from './host/host-problems.js'
import { type HostTables, type HostUsers, hostUsers } from './host/host-users.js'
import { isEmbedded, openDatabase, openHostDatabase } from './database/open-database.js'
import { DatabaseUnusable, InvalidSettings } from './errors.js'
import { createAuthenticator } from './authentication/authenticator.js'
import type { CacheOptions } from './authentication/cache.js'
import { createAccessTokenStore, type LimitOptions } from './tokens/access-token-store.js'
import { createDrfTokenStore } from './tokens/drf-token-store.js'
import { createTokenFormat } from './tokens/format.js'
import { createExpiryPolicy, type ExpiryOptions } from './tokens/expiry.js'
import { createChangeFeed } from './tokens/change-feed.js'
import { createTokens, type TokenKind } from './tokens/tokens.js'
import { createLastUsed } from './authentication/last-used.js'
import { createUsers, type OnUserCreated } from './users/users.js'
import { createCredentials } from './passwords/credentials.js'
import type { HasherName } from './passwords/hashers/index.js'
import { createHashingQueue, type HashingQueueOptions } from './passwords/hashing-queue.js'
import { createLoginStore } from './passwords/login-store.js'
import { createUserStore } from './users/user-store.js'

/** What is set of tokens and passwords, whosever the users are. */
export interface CommonOptions {
  tokens?: TokenOptions
  passwords?: PasswordOptions
  cache?: CacheOptions
}

/** What everything above works with where users are Django's: the service, the commands and a host application alike. */
export interface AuthtokenOptions extends DatabaseOptions, CommonOptions {
  /** `file:<path>`, `postgres://…`, or the host's own Drizzle instance, which is neither migrated nor closed. */
  database: string | HostDatabase
  /** Brings the tables up to date first. @default true for a file, false for a server; never done for a Drizzle instance */
  migrate?: boolean
  onUserCreated?: OnUserCreated
}

/** What it is opened with where the users are the host's. */
export interface HostAuthtokenOptions<Users extends HostUsers = HostUsers> extends Pick<DatabaseOptions, 'withoutListen'>, CommonOptions {
  /** The host's own Drizzle instance, which is neither migrated nor closed. */
  database: HostDatabase
  /** What `authtokenTables` made. */
  tables: HostTables
  /** Which table and columns play the users' parts. */
  users: Users
}

/** Which tokens are made, and how they live. */
export interface TokenOptions extends ExpiryOptions, LimitOptions {
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
 * Opens a database of Django's form and puts users, passwords and tokens on it.
 * @throws DatabaseUnusable, InvalidSettings
 */
export async function openAuthtoken ({ database: source, migrate = isEmbedded(source), onUserCreated, passwords, tokens, cache, ...options }: AuthtokenOptions) {
  const database = await openDatabase(source, options)
  try {
    if (migrate && typeof source === 'string') await database.migrate()
    const { unusable } = await database.inspect()
    if (unusable.length > 0) throw new DatabaseUnusable(`${database.name} ${unusable.join('; ')}`)
    const parts = assemble(database, { passwords, tokens, cache }, { hasher: database.django ? 'pbkdf2_sha256' : 'argon2', rehash: !database.django })
    return { ...parts, database, users: createUsers(createUserStore(database), parts.credentials, parts.tokens, onUserCreated) }
  } catch (error) {
    await database.close()
    throw error
  }
}

/**
 * Puts passwords and tokens on the host's database, for the host's own users.
 * @param login whether passwords are checked here, and not by the host
 * @throws InvalidSettings with all that does not fit, DatabaseUnusable
 */
export async function openHostAuthtoken ({ database: source, tables: given, users: options, passwords, tokens, cache, ...databaseOptions }: HostAuthtokenOptions, login: boolean) {
  const { users, tables } = hostUsers(source, options, given, login)
  const database = await openHostDatabase(source, users, tables, databaseOptions)
  const problems = await hostProblems(database, login)
  if (problems.length > 0) throw new InvalidSettings(`authtoken: ${problems.join('; ')}`)
  return assemble(database, { passwords, tokens, cache }, { hasher: 'argon2', rehash: false })
}

type Given<Options> = { [Name in keyof Options]?: Options[Name] | undefined }

function assemble<Opened extends Database> (database: Opened, { passwords = {}, tokens: tokenOptions = {}, cache = {} }: Given<CommonOptions>, defaults: Required<Pick<PasswordOptions, 'hasher' | 'rehash'>>) {
  const { hasher = defaults.hasher, rehash = defaults.rehash, ...queueOptions } = passwords
  const logins = createLoginStore(database)
  const queue = createHashingQueue(queueOptions)
  const credentials = createCredentials(logins, queue, { hasher, rehash })
  const format = createTokenFormat(tokenOptions.prefix)
  const life = createExpiryPolicy(tokenOptions)
  const usage = createLastUsed(database, life)
  return {
    database,
    logins,
    credentials,
    tokens: createTokens(database, createDrfTokenStore(database), createAccessTokenStore(database, format, life, tokenOptions), tokenOptions.kind ?? 'drf'),
    authenticator: createAuthenticator(database, format, usage, cache),
    /** Tells other processes of changes. */
    feed: createChangeFeed(database),
    /** For the host's own code. */
    passwords: {
      /** Encodes a password for a column of passwords. @throws LoginQueueFull where too many wait */
      hash: credentials.encode,
      /**
       * Compares a password with an encoded one, in any form that is understood. Every refusal takes the same time.
       * @param encoded null where there is no such user: then it takes that time too
       * @throws LoginQueueFull where too many wait
       */
      verify: credentials.compare
    },
    /** Writes when tokens were last used, ends the threads that hash, and closes the database where it was opened here. */
    async close (): Promise<void> {
      await usage.close()
      await queue.close()
      await database.close()
    }
  }
}
