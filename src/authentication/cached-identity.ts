import { idKey, type UserId } from '../database/user-id.js'
import type { Account, Identity, Token, User } from '../identity/identity.js'
import type { Expiry } from '../tokens/expiry.js'

const [ACTIVE, STAFF, SUPERUSER, DISABLED, RECORDED] = [1, 2, 4, 8, 16] as const
// Of the values, those before the user's.
const TOKEN_VALUES = 8

/** A token and whose it is, small, since many are remembered: each member costs 0.8 MB per 100,000. */
export class CachedIdentity {
  readonly id: string
  readonly userId: UserId
  // All in milliseconds.
  readonly expires: number | null
  lastUsed: number | null
  /** What `LastUsed` has not written yet: the last use, and the expiry that it moved. */
  used: number | null = null
  movedExpiry: Date | null = null
  /** The cache's: the last change that it has seen, and until when it is remembered by `performance.now()`. */
  generation = 0
  until = 0
  private readonly flags: number
  private values: readonly unknown[] | string

  /** @param expiry null where uses are not recorded. @param names of what the user's row has, one array for all entries */
  constructor (
    account: Account, token: Token, expiry: Pick<Expiry, 'lifetime' | 'notAfter'> | null, private readonly names: readonly string[]
  ) {
    this.id = token.id
    this.userId = account.userId
    this.expires = token.expires?.getTime() ?? null
    this.lastUsed = token.lastUsed?.getTime() ?? null
    this.flags = (account.isActive ? ACTIVE : 0) | (account.isStaff ? STAFF : 0) | (account.isSuperuser ? SUPERUSER : 0) |
      (token.disabled ? DISABLED : 0) | (expiry === null ? 0 : RECORDED)
    const { kind, name, hint, scope, created, replacedBy = null } = token
    const row = account.user as Record<string, unknown>
    const { lifetime = null, notAfter = null } = expiry ?? {}
    this.values = [kind, name, hint, scope, created, replacedBy, lifetime, notAfter, ...names.map((name) => row[name])]
  }

  get userKey (): string { return idKey(this.userId) }
  get isActive (): boolean { return (this.flags & ACTIVE) !== 0 }
  get isStaff (): boolean { return (this.flags & STAFF) !== 0 }
  get isSuperuser (): boolean { return (this.flags & SUPERUSER) !== 0 }
  get isDisabled (): boolean { return (this.flags & DISABLED) !== 0 }
  get isRecorded (): boolean { return (this.flags & RECORDED) !== 0 }
  get expiry (): Expiry {
    const values = unpack(this.values)
    return { expires: dateOf(this.expires), lifetime: values[6] as number | null, notAfter: values[7] as Date | null }
  }

  isExpired (now: number): boolean { return this.expires !== null && this.expires <= now }

  /** Makes it small. Called where it is going to be remembered. */
  pack (): void { this.values = pack(unpack(this.values)) }

  /** Token and user, for one caller: it may write to both. */
  open (): { token: Token, user: User } {
    const { id, names, isDisabled: disabled } = this
    const values = unpack(this.values)
    const [kind, name, hint, scope, created, replacedBy] = values
    const [expires, lastUsed] = [dateOf(this.expires), dateOf(this.lastUsed)]
    const token = { id, kind, name, hint, scope, created, expires, lastUsed, disabled } as Token
    if (replacedBy !== null) token.replacedBy = replacedBy as string
    const user: Record<string, unknown> = {}
    for (let i = 0; i < names.length; i++) user[names[i] as string] = values[TOKEN_VALUES + i]
    return { token, user: user as User }
  }
}

/** Who a token belongs to, at one use of it. What nobody reads of it is not made. */
class LazyIdentity implements Identity {
  private opened: { token: Token, user: User } | undefined

  constructor (private readonly cached: CachedIdentity) {}

  get userId (): UserId { return this.cached.userId }
  get isActive (): boolean { return this.cached.isActive }
  get isStaff (): boolean { return this.cached.isStaff }
  get isSuperuser (): boolean { return this.cached.isSuperuser }
  get token (): Token { return (this.opened ??= this.cached.open()).token }
  get user (): User { return (this.opened ??= this.cached.open()).user }
}

/** Who a token lets in, or null: what is remembered may have ended since. @param now in milliseconds */
export const identityAt = (cached: CachedIdentity | undefined, now: number): Identity | null =>
  cached === undefined || cached.isDisabled || cached.isExpired(now) ? null : new LazyIdentity(cached)

const dateOf = (ms: number | null): Date | null => ms === null ? null : new Date(ms)

/** As text, which takes far less memory than strings and dates one by one; as they are where JSON has no word for one of them. */
function pack (values: readonly unknown[]): readonly unknown[] | string {
  const plain = []
  for (const value of values) {
    if (value instanceof Date && Number.isFinite(value.getTime())) plain.push([value.getTime()])
    else if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) plain.push(value)
    else return values
  }
  // JSON.stringify's own text is in several pieces, which take a third more.
  return Buffer.from(JSON.stringify(plain)).toString()
}

const unpack = (packed: readonly unknown[] | string): readonly unknown[] =>
  typeof packed === 'string' ? JSON.parse(packed).map((value: unknown) => Array.isArray(value) ? new Date(value[0]) : value) : packed
