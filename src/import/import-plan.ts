import type { TokenReason, UserReason } from './import-report.js'
import type { Candidate, TokenRow, UserRow } from './source-row.js'
import { MAX_ID } from './django-source.js'
import type { Found } from './import-target.js'

/** What is to be done with a user or a token. */
type Outcome<Reason> = 'imported' | 'present' | { skip: Reason }

/** What is to be done with a row of the source. */
export interface Step {
  sourceId: string
  /** The id here; null for a user who is skipped. */
  id: number | null
  user: Outcome<UserReason>
  /** Null where there is no token. */
  token: Outcome<TokenReason> | null
}

/** What is to be done with a batch. */
export interface Plan {
  steps: Step[]
  users: Array<UserRow & { id: number }>
  tokens: Array<TokenRow & { userId: number }>
  /** The largest id that has been given away. */
  lastId: number
}

/**
 * Decides what is done with a batch. A user is known by the username; who is there already is left as is. The id is kept
 * where it is free.
 * @param found what the target has to do with each of them
 * @param lastId the largest id that is in use or will be: a user whose id is taken gets one behind it
 */
export function planBatch (candidates: Candidate[], found: Found[], lastId: number): Plan {
  const plan: Plan = { steps: [], users: [], tokens: [], lastId }
  const usernames = new Set<string>()
  const keys = new Set<string>()
  candidates.forEach((candidate, n) => {
    const there = found[n] as Found
    const { id, outcome } = placeUser(candidate, there, usernames, plan)
    const token = candidate.token === null ? null : placeToken(candidate.token, id, there, keys)
    if (outcome === 'imported') plan.users.push({ ...candidate.user as UserRow, id: id as number })
    if (token === 'imported') plan.tokens.push({ ...candidate.token as TokenRow, userId: id as number })
    plan.steps.push({ sourceId: candidate.sourceId, id, user: outcome, token })
  })
  return plan
}

function placeUser ({ id, user }: Candidate, { user: present, idTaken }: Found, usernames: Set<string>, plan: Plan): { id: number | null, outcome: Step['user'] } {
  const skip = (reason: UserReason) => ({ id: null, outcome: { skip: reason } })
  if (typeof user === 'string') return skip(user)
  // Twice in one batch: the source's table has lost what keeps usernames apart, or a user has two tokens.
  if (usernames.has(user.username)) return skip('username_taken')
  usernames.add(user.username)
  if (present !== null) return isSame(user, present) ? { id: present.id, outcome: 'present' } : skip('username_taken')
  if (id !== null && !idTaken) return { id, outcome: 'imported' }
  return plan.lastId < MAX_ID ? { id: ++plan.lastId, outcome: 'imported' } : skip('no_id')
}

const isSame = (user: UserRow, present: NonNullable<Found['user']>): boolean =>
  user.password === present.password && user.isActive === present.isActive && user.isStaff === present.isStaff && user.isSuperuser === present.isSuperuser

function placeToken (token: TokenRow | TokenReason, userId: number | null, { keyOwner, ownsToken }: Found, keys: Set<string>): Outcome<TokenReason> {
  if (userId === null) return { skip: 'user_skipped' }
  if (typeof token === 'string') return { skip: token }
  if (keyOwner !== null) return keyOwner === userId ? 'present' : { skip: 'token_taken' }
  if (keys.has(token.key)) return { skip: 'token_taken' }
  if (ownsToken) return { skip: 'other_token' }
  keys.add(token.key)
  return 'imported'
}
