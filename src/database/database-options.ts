/** How a database is opened. */
export interface DatabaseOptions {
  /**
   * SQLite: how long a statement waits for another connection's lock and blocks the event loop, in milliseconds. It is then
   * tried again without blocking, for 5 seconds. @default 5
   */
  busyTimeoutMs?: number
  pool?: PoolOptions
  /**
   * PostgreSQL: what is done behind a pooler in transaction mode or on an engine without LISTEN. `'ask'`: the database is
   * asked at each check; `'ttl'`: an answer is remembered for one second, and no state of a session is used. @default 'ask'
   */
  withoutListen?: 'ask' | 'ttl'
  /** SQLite: whether a file that does not exist is made. @default true */
  create?: boolean
  /** Where a Django with a custom `AUTH_USER_MODEL` keeps its users. */
  users?: UserTableOptions
}

/** Connections to PostgreSQL. All times are in milliseconds. */
export interface PoolOptions {
  /** Connections at most, beside the one that listens. @default 10 */
  size?: number
  /** How long to wait for a connection. @default 2000 */
  connectTimeoutMs?: number
  /** How long a statement may take, on the server and on the way. @default 5000 */
  queryTimeoutMs?: number
  /** After how long the server ends a transaction that nobody goes on with. @default 2000 */
  idleInTransactionTimeoutMs?: number
}

/** Where a Django with a custom `AUTH_USER_MODEL` keeps its users. */
export interface UserTableOptions {
  /** The name of the table. @default 'auth_user' */
  table?: string
  /** The column that users log in with: Django's `USERNAME_FIELD`. @default 'username' */
  username?: string
}
