import type { users } from '../database/postgres/schema.js'
import type { UserId } from '../database/user-id.js'
import type { FastifyAuthtoken } from './host-types.js'

/** A user of a database of Django's form: the row of `auth_user` without the password hash. */
export type DjangoUser = Omit<typeof users.$inferSelect, 'password'>

/** The caller: the host's row where the host has said what that is, see `FastifyAuthtoken`, and Django's otherwise. */
export type User = FastifyAuthtoken extends { user: infer Own } ? Own : DjangoUser

/** What is needed of a user to act on its tokens. */
export interface Owner { id: UserId }

/** A user, and what is asked of any, wherever users are kept. */
export interface Account {
  userId: UserId
  user: User
  isActive: boolean
  isStaff: boolean
  isSuperuser: boolean
}

/** A token without its key: what `request.auth` holds, and what may be shown and logged. */
export interface Token {
  /** Public id: random, or `drf-<user id>` for the token in `authtoken_token`. */
  id: string
  /** `drf`: of `authtoken_token`; `access` and `login`: made as such or by the exchange; `sealed`: once a DRF token, now a digest. */
  kind: 'drf' | 'access' | 'login' | 'sealed'
  /** Unique among the user's tokens that are not replaced; null for a DRF token. */
  name: string | null
  /** 4 characters of the key, behind the prefix; null for keys under 20 characters. */
  hint: string | null
  /** Space-separated scopes (RFC 6749 section 3.3); `*` is full power, which a DRF token always has; an empty scope grants nothing. */
  scope: string
  created: Date | null
  /** When it ends; null: never. */
  expires: Date | null
  /** When it was last used, to the minute; null: never, or not recorded. */
  lastUsed: Date | null
  disabled: boolean
  /** The id of the token that came in its place, when it was rotated; absent: it is current. */
  replacedBy?: string
}

/** A token in the one answer that shows its key. */
export type IssuedToken = Token & { key: string }

/** Who a key belongs to. What is not said beside the user is read from it: `id`, `isActive`, `isStaff`, `isSuperuser`. */
export interface Identity extends Partial<Account> {
  user: User
  token: Token
}

/** Finds out who a key belongs to. The one seam between the plugins and where tokens are kept. */
export interface Authenticator {
  /**
   * @param key what stood behind the keyword in the `Authorization` header
   * @returns the identity, of an inactive user too, or null for a key that nobody has; synchronously where it is at hand
   * @throws DatabaseUnavailable or ServiceUnavailable where it can not be known at the moment
   */
  authenticate (key: string): Identity | null | Promise<Identity | null>
  /** Ends what it holds open. Called when an application closes that it was registered with, so possibly more than once. */
  close?(): Promise<void>
}
