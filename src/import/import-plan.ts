import { MAX_ID } from './django-source.js'
import type { TokenReason, UserReason } from './import-report.js'
import type { TargetMatch } from './import-target.js'
import type { Candidate, TokenRow, UserRow } from './source-row.js'

type Outcome<Reason> = 'imported' | 'present' | { skip: Reason }

/** What becomes of a row of the source. `id` is the one here, null for a user who is skipped. */
export interface Step {
  sourceId: string
  id: number | null
  user: Outcome<UserReason>
  token: Outcome<TokenReason> | null
}

/** What becomes of a batch: of each row, and the rows to be written. */
export interface Plan {
  steps: Step[]
  users: Array<UserRow & { id: number }>
  tokens: Array<TokenRow & { userId: number }>
  /** The largest id that has been given away. */
  lastId: number
}

/** Decides what becomes of a batch. A user whose id is taken gets one behind `lastId`, the largest that is in use or will be. */
export function planBatch (candidates: Candidate[], matches: TargetMatch[], lastId: number): Plan {
  const plan: Plan = { steps: [], users: [], tokens: [], lastId }
  const usernames = new Set<string>()
  const keys = new Set<string>()
  candidates.forEach((candidate, n) => {
    const match = matches[n] as TargetMatch
    const { id, outcome } = placeUser(candidate, match, usernames, plan)
    const token = candidate.token === null ? null : placeToken(candidate.token, id, match, keys)
    if (outcome === 'imported') plan.users.push({ ...candidate.user as UserRow, id: id as number })
    if (token === 'imported') plan.tokens.push({ ...candidate.token as TokenRow, userId: id as number })
    plan.steps.push({ sourceId: candidate.sourceId, id, user: outcome, token })
  })
  return plan
}

function placeUser ({ id, user }: Candidate, { user: present, idTaken }: TargetMatch, usernames: Set<string>, plan: Plan) {
  const skip = (reason: UserReason) => ({ id: null, outcome: { skip: reason } })
  if (typeof user === 'string') return skip(user)
  // Twice in one batch: the source's table has lost what keeps usernames apart, or a user has two tokens.
  if (usernames.has(user.username)) return skip('username_taken')
  usernames.add(user.username)
  if (present !== null) return isSame(user, present) ? { id: present.id, outcome: 'present' as const } : skip('username_taken')
  if (id !== null && !idTaken) return { id, outcome: 'imported' as const }
  return plan.lastId < MAX_ID ? { id: ++plan.lastId, outcome: 'imported' as const } : skip('no_id')
}

const isSame = (user: UserRow, present: NonNullable<TargetMatch['user']>): boolean =>
  user.password === present.password && user.isActive === present.isActive &&
  user.isStaff === present.isStaff && user.isSuperuser === present.isSuperuser

function placeToken (
  token: TokenRow | TokenReason, userId: number | null, { keyOwner, ownsToken }: TargetMatch, keys: Set<string>
): Outcome<TokenReason> {
  if (userId === null) return { skip: 'user_skipped' }
  if (typeof token === 'string') return { skip: token }
  if (keyOwner !== null) return keyOwner === userId ? 'present' : { skip: 'token_taken' }
  if (keys.has(token.key)) return { skip: 'token_taken' }
  if (ownsToken) return { skip: 'other_token' }
  keys.add(token.key)
  return 'imported'
}
