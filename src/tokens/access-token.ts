import type { Database, Guard } from '../database/database-interface.js'
import { DatabaseUnusable } from '../errors.js'
import type { Token } from '../identity/identity.js'
import { MAX_SCOPE_LENGTH, SCOPE_PATTERN, SCOPE_PROBLEM } from '../identity/scope.js'

/** What a new access token is to be. */
export interface NewToken {
  /** 1 to 100 characters, unique among the user's current tokens. @default a generated one */
  name?: string
  /** Space-separated scopes; `*` is full power, the empty scope grants none. @default '*' */
  scope?: string
  /** Seconds that it lives; null: without end. @default as set for its kind */
  expiresIn?: number | null
}

/** Where a new token comes from: never said by who asks for it. */
export interface Origin {
  kind?: 'access' | 'login'
  /** What it may not outlive: the expiry of the token that makes it. */
  bound?: Date | null
  /** The user's encoded password, with which it was asked for: nothing is made once that is another. */
  password?: string | undefined
  /** What must still be so: on whose behalf it is made. */
  guard?: Guard | undefined
}

/** What of an access token can be changed. */
export interface TokenChanges {
  name?: string
  scope?: string
  disabled?: boolean
}

/** How a token is rotated. */
export interface RotateOptions {
  /** For how long the old token goes on, in seconds, up to 30 days. @default 0 */
  grace?: number
}

/** The longest grace, in seconds. */
export const MAX_GRACE = 2_592_000
/** The name of sealed tokens. */
export const SEALED_NAME = 'drf'
export const MAX_NAME_LENGTH = 100

/** @throws DatabaseUnusable where only Django migrated the database */
export function requireAccessTokens ({ accessTokens }: Database): void {
  if (!accessTokens) throw new DatabaseUnusable('The database has no table authtoken_accesstoken; run "authtoken migrate"')
}

export function shownColumns ({ authtokenAccesstoken: tokens }: Database['tables']) {
  const { id, kind, name, hint, scope, created, expires, lastUsed, disabled, replacedBy } = tokens
  return { id, kind, name, hint, scope, created, expires, lastUsed, disabled, replacedBy }
}

/** A token as it is shown, from its row. */
export const describeAccessToken = ({
  id, kind, name, hint, scope, created, expires, lastUsed, disabled, replacedBy
}: Omit<Token, 'replacedBy'> & { replacedBy: string | null }): Token =>
  ({ id, kind, name, hint, scope, created, expires, lastUsed, disabled, ...(replacedBy !== null && { replacedBy }) })

export function nameProblems (name: string): string[] {
  const trimmed = name.trim()
  if (trimmed === '') return ['This field may not be blank.']
  if ([...trimmed].length > MAX_NAME_LENGTH) return [`Ensure this field has no more than ${MAX_NAME_LENGTH} characters.`]
  if (/[\p{Cc}\p{Cs}]/u.test(trimmed)) return ['Control characters are not allowed.']
  return trimmed === SEALED_NAME ? [`The name "${SEALED_NAME}" is reserved.`] : []
}

export function scopeProblems (scope: string): string[] {
  if (scope.length > MAX_SCOPE_LENGTH) return [`Ensure this field has no more than ${MAX_SCOPE_LENGTH} characters.`]
  return new RegExp(SCOPE_PATTERN).test(scope) ? [] : [SCOPE_PROBLEM]
}
