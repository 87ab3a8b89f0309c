import type { Static } from '@sinclair/typebox'
import { milliseconds, oneOf, text } from './kinds.js'
import { group, nested } from './option-groups.js'
import { poolOptions } from './pool-options.js'

// The longest that PostgreSQL has.
const NAME = '^[A-Za-z_][A-Za-z0-9_]{0,62}$'

/** The URL of a database. */
export const databaseUrl = text('^(file:.+|postgres(ql)?://.+)', {
  right: 'file:<path>, as file:./authtoken.db, or postgres://<user>:<password>@<host>:<port>/<database>',
  description: 'the database: `file:<path>`, or `postgres://<user>:<password>@<host>:<port>/<database>`'
})

/** Where a Django with a custom `AUTH_USER_MODEL` keeps its users. */
export const userTableOptions = group({
  /** The table of users: of a Django with a custom `AUTH_USER_MODEL`, its table. @default 'auth_user' */
  table: text(NAME, {
    default: 'auth_user',
    right: 'a name of letters, digits and underscores, as people_person',
    description: 'the table of users: of a Django with a custom `AUTH_USER_MODEL`, its table'
  }),
  /** The column that users log in with: Django's `USERNAME_FIELD`. @default 'username' */
  username: text(NAME, {
    default: 'username',
    right: 'a name of letters, digits and underscores, as email',
    description: "the column that users log in with: Django's `USERNAME_FIELD`"
  })
}, { right: 'an object with table and username, the names of a custom AUTH_USER_MODEL' })

/** Where a Django with a custom `AUTH_USER_MODEL` keeps its users. */
export type UserTableOptions = Static<typeof userTableOptions>

/** How a database is opened. */
export const databaseOptions = group({
  users: nested(userTableOptions),
  /**
   * SQLite: how long a statement waits for a lock on the file, blocking the event loop, in milliseconds; it is then tried again
   * without blocking, for 5 seconds.
   * @default 5
   */
  busyTimeoutMs: milliseconds(0, 10_000, {
    default: 5,
    description: 'SQLite: how long a statement waits for a lock on the file, blocking the event loop, in milliseconds; ' +
      'it is then tried again without blocking, for 5 seconds'
  }),
  pool: nested(poolOptions),
  /**
   * PostgreSQL, where no revocation can be heard of, as behind a pooler in transaction mode: the database is asked at each check, or
   * an answer is remembered for one second.
   * @default 'ask'
   */
  withoutListen: oneOf(['ask', 'ttl'], {
    default: 'ask',
    usual: "`'ttl'` for your own users without the triggers",
    description: 'PostgreSQL, where no revocation can be heard of, as behind a pooler in transaction mode: the database is asked ' +
      'at each check, or an answer is remembered for one second'
  })
})
