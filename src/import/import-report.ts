/** Why a user was skipped. */
export const USER_REASONS = {
  not_text: 'the username, password, name or e-mail address is no text',
  nul: 'the username, password, name or e-mail address has a NUL character',
  username_empty: 'the username is empty',
  username_long: 'the username is longer than 150 characters',
  password_long: 'the password is longer than 128 characters',
  name_long: 'the first or last name is longer than 150 characters',
  email_long: 'the e-mail address is longer than 254 characters',
  flag: 'is_active, is_staff or is_superuser is neither true nor false',
  date: 'date_joined or last_login is no date',
  username_taken: 'the username is there already, with another password or other flags',
  no_id: 'the id is taken, and none is left'
} as const

/** Why a token was skipped. */
export const TOKEN_REASONS = {
  no_user: 'the user of the token does not exist',
  user_skipped: 'the user of the token was skipped',
  key: 'the token is empty, longer than 40 characters, or has white space',
  created: 'the date of the token is no date',
  token_taken: 'the token is there already, and another user\'s',
  other_token: 'the user has another token there'
} as const

export type UserReason = keyof typeof USER_REASONS
export type TokenReason = keyof typeof TOKEN_REASONS

/** How many, and the ids in the source of the first few users. */
export interface Group { count: number, users: string[] }

/** Users or tokens that were skipped for one reason. */
export interface Skipped extends Group {
  what: 'user' | 'token'
  reason: UserReason | TokenReason
}

/** What became of users, or of tokens. Each one is counted in one of them. */
export interface Counts { imported: number, present: number, skipped: number }

/** What an import did. */
export interface ImportReport {
  users: Counts
  tokens: Counts
  /** Whether tokens were stored as digests. */
  digests: boolean
  /** Users who have another id than in the source. */
  renumbered: Group
  skipped: Skipped[]
}

/** How many users of a group are named. */
export const MAX_NAMED = 5

export type Tally = ReturnType<typeof createTally>

/** Counts what becomes of users and tokens. All ids are of users in the source. */
export function createTally () {
  const users: Counts = { imported: 0, present: 0, skipped: 0 }
  const tokens: Counts = { imported: 0, present: 0, skipped: 0 }
  const renumbered: Group = { count: 0, users: [] }
  const skipped = new Map<string, Skipped>()

  function add (group: Group, count: number, ids: string[]): void {
    group.count += count
    group.users.push(...ids.slice(0, MAX_NAMED - group.users.length))
  }

  function skip (what: 'user' | 'token', reason: UserReason | TokenReason, count: number, ids: string[]): void {
    (what === 'user' ? users : tokens).skipped += count
    const group = skipped.get(reason) ?? { what, reason, count: 0, users: [] }
    skipped.set(reason, group)
    add(group, count, ids)
  }

  return {
    users,
    tokens,
    skipUser: (reason: UserReason, id: string): void => skip('user', reason, 1, [id]),
    skipTokens: (reason: TokenReason, count: number, ids: string[]): void => { if (count > 0) skip('token', reason, count, ids) },
    renumber: (id: string): void => add(renumbered, 1, [id]),
    report: (digests: boolean): ImportReport => ({ users, tokens, digests, renumbered, skipped: [...skipped.values()] })
  }
}
