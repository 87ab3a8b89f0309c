import { createAuthenticator } from './authentication/authenticator.js'
import { createLastUsed } from './authentication/last-used.js'
import type { Database, HostDatabase } from './database/database-interface.js'
import type { DatabaseOptions } from './database/opening-options.js'
import { isEmbedded, openDatabase, openHostDatabase } from './database/open-database.js'
import { DatabaseUnusable, InvalidSettings } from './errors.js'
import { hostProblems } from './host/host-problems.js'
import type { HostTables, HostUsers } from './host/host-options.js'
import { hostUsers } from './host/host-users.js'
import type { CacheOptions } from './options/cache-options.js'
import { withDefaults } from './options/option-groups.js'
import type { PasswordOptions } from './options/password-options.js'
import { type TokenOptions, tokenOptions } from './options/token-options.js'
import { createCredentials } from './passwords/credentials.js'
import { createHashingQueue } from './passwords/hashing-queue.js'
import { createLoginStore } from './passwords/login-store.js'
import { createAccessTokenStore } from './tokens/access-token-store.js'
import { createGuarding } from './tokens/authority.js'
import { createChangeFeed } from './tokens/change-feed.js'
import { createDrfTokenStore } from './tokens/drf-token-store.js'
import { createExpiryPolicy } from './tokens/expiry.js'
import { createTokenFormat } from './tokens/format.js'
import { createForNewUser, createTokens } from './tokens/tokens.js'
import { createTokensAs } from './tokens/tokens-as.js'
import { createUsers, type OnUserCreated } from './users/users.js'
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

/** An open database with users and tokens. */
export type Authtoken = Awaited<ReturnType<typeof openAuthtoken>>

/** Opens a database of Django's form and puts users, passwords and tokens on it. @throws DatabaseUnusable, InvalidSettings */
export async function openAuthtoken (options: AuthtokenOptions) {
  const { database: source, migrate = isEmbedded(source), onUserCreated, passwords, tokens, cache, ...databaseOptions } = options
  const database = await openDatabase(source, databaseOptions)
  try {
    if (migrate && typeof source === 'string') await database.migrate()
    const { unusable } = await database.inspect()
    if (unusable.length > 0) throw new DatabaseUnusable(`${database.name} ${unusable.join('; ')}`)
    const { django } = database
    const parts = assemble(database, { passwords, tokens, cache }, { hasher: django ? 'pbkdf2_sha256' : 'argon2', rehash: !django })
    const createToken = createForNewUser(parts.tokens, withDefaults(tokenOptions, tokens).kind)
    const users = createUsers(createUserStore(database), parts.credentials, parts.guarding, createToken, onUserCreated)
    return { ...parts, database, users }
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
export async function openHostAuthtoken (options: HostAuthtokenOptions, login: boolean) {
  const { database: source, tables: hostTables, users: userColumns, passwords, tokens, cache, ...databaseOptions } = options
  const { users, tables } = hostUsers(source, userColumns, hostTables, login)
  const database = await openHostDatabase(source, { users, tables }, databaseOptions)
  const problems = await hostProblems(database, login)
  if (problems.length > 0) throw new InvalidSettings(`authtoken: ${problems.join('; ')}`)
  return assemble(database, { passwords, tokens, cache }, { hasher: 'argon2', rehash: false })
}

type Given<Options> = { [Name in keyof Options]?: Options[Name] | undefined }
type PasswordDefaults = Required<Pick<PasswordOptions, 'hasher' | 'rehash'>>

function assemble<Opened extends Database> (database: Opened, options: Given<CommonOptions>, defaults: PasswordDefaults) {
  const { passwords = {}, cache } = options
  const { kind, prefix, ...rules } = withDefaults(tokenOptions, options.tokens)
  const { hasher = defaults.hasher, rehash = defaults.rehash, ...queueOptions } = passwords
  const logins = createLoginStore(database)
  const queue = createHashingQueue(queueOptions)
  const credentials = createCredentials(logins, queue, { hasher, rehash })
  const format = createTokenFormat(prefix)
  const expiryPolicy = createExpiryPolicy(rules)
  const lastUsed = createLastUsed(database, expiryPolicy)
  const accessTokens = createAccessTokenStore(database, format, expiryPolicy, rules)
  const tokens = createTokens(database, createDrfTokenStore(database), accessTokens, kind)
  const guarding = createGuarding(database)
  return {
    database,
    logins,
    credentials,
    guarding,
    tokens: { ...tokens, ...createTokensAs(tokens, guarding) },
    authenticator: createAuthenticator(database, format, lastUsed, cache),
    /** Tells other processes of changes. */
    feed: createChangeFeed(database),
    /** For the host's own code. */
    passwords: {
      /** Encodes a password for a column of passwords. @throws LoginQueueFull where too many wait */
      hash: credentials.encode,
      /**
       * Compares a password with an encoded one, in any form that is understood; null: there is no such user. Every refusal
       * takes the same time. @throws as above
       */
      verify: credentials.compare
    },
    /** Writes when tokens were last used, ends the threads that hash, and closes the database where it was opened here. */
    async close (): Promise<void> {
      await lastUsed.close()
      await queue.close()
      await database.close()
    }
  }
}
