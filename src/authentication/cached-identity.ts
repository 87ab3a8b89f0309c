import { idKey, type UserId } from '../database/user-id.js'
import type { Remembered } from './cache.js'
import type { Account, Identity, Token, User } from '../identity/identity.js'
import type { Life } from '../tokens/expiry.js'
import { pack, type Packed, unpack } from './packed.js'

// Of the values, those before the user's.
const TOKEN_VALUES = 8

const ACTIVE = 1
const STAFF = 2
const SUPERUSER = 4
const DISABLED = 8
const RECORDED = 16

/** A token and whose it is, in a form in which many can be remembered: each member costs 0.8 MB per 100,000. */
export class CachedIdentity implements Remembered<CachedIdentity> {
  /** The token's public id. */
  readonly id: string
  readonly userId: UserId
  /** When the token ends, in milliseconds; null: never. */
  readonly expires: number | null
  /** When it was last used, in milliseconds: as far as that is written, and what is not yet. */
  lastUsed: number | null
  used: number | null = null
  /** Where a use that is not written yet pushed the expiry. */
  pushed: Date | null = null
  generation = 0
  until = 0
  sibling: CachedIdentity | undefined = undefined
  private readonly flags: number
  private values: Packed

  /**
   * @param life how a use may push the token's expiry; null where no use is recorded
   * @param names of what the user's row has, the same for all that are remembered together
   */
  constructor ({ userId, user, isActive, isStaff, isSuperuser }: Account, token: Token, life: Pick<Life, 'lifetime' | 'latest'> | null, names: readonly string[]) {
    this.id = token.id
    this.userId = userId
    this.flags = (isActive ? ACTIVE : 0) | (isStaff ? STAFF : 0) | (isSuperuser ? SUPERUSER : 0) | (token.disabled ? DISABLED : 0) | (life === null ? 0 : RECORDED)
    this.expires = token.expires?.getTime() ?? null
    this.lastUsed = token.lastUsed?.getTime() ?? null
    const row = user as Record<string, unknown>
    this.values = [
      token.kind, token.name, token.hint, token.scope, token.created, token.replacedBy ?? null, life?.lifetime ?? null, life?.latest ?? null,
      ...names.map((name) => row[name])
    ]
  }

  get userKey (): string { return idKey(this.userId) }
  get isActive (): boolean { return (this.flags & ACTIVE) !== 0 }
  get isStaff (): boolean { return (this.flags & STAFF) !== 0 }
  get isSuperuser (): boolean { return (this.flags & SUPERUSER) !== 0 }
  get disabled (): boolean { return (this.flags & DISABLED) !== 0 }
  /** Whether its uses are recorded. */
  get isRecorded (): boolean { return (this.flags & RECORDED) !== 0 }

  /** Called where it is going to be remembered. */
  pack (): void { this.values = pack(unpack(this.values)) }

  get life (): Life {
    const values = unpack(this.values)
    return { expires: dateOf(this.expires), lifetime: values[6] as number | null, latest: values[7] as Date | null }
  }

  /** Token and user, for one caller: it may write to both. @param names as they were given */
  open (names: readonly string[]): { token: Token, user: User } {
    const values = unpack(this.values)
    const [kind, name, hint, scope, created, replacedBy] = values
    const token = { id: this.id, kind, name, hint, scope, created, expires: dateOf(this.expires), lastUsed: dateOf(this.lastUsed), disabled: this.disabled } as Token
    if (replacedBy !== null) token.replacedBy = replacedBy as string
    const user: Record<string, unknown> = {}
    for (let i = 0; i < names.length; i++) user[names[i] as string] = values[TOKEN_VALUES + i]
    return { token, user: user as User }
  }
}

/** Who a token belongs to, at one use of it. What nobody reads of it is not made. */
class Found implements Identity {
  private opened: { token: Token, user: User } | undefined

  constructor (private readonly known: CachedIdentity, private readonly names: readonly string[]) {}

  get userId (): UserId { return this.known.userId }
  get isActive (): boolean { return this.known.isActive }
  get isStaff (): boolean { return this.known.isStaff }
  get isSuperuser (): boolean { return this.known.isSuperuser }
  get token (): Token { return (this.opened ??= this.known.open(this.names)).token }
  get user (): User { return (this.opened ??= this.known.open(this.names)).user }
}

/** What is handed out of what is known, where the token may be let in at the moment: what is remembered may have ended since. */
export const identify = (known: CachedIdentity | undefined, names: readonly string[], now: number): Identity | null =>
  known === undefined || known.disabled || isOver(known, now) ? null : new Found(known, names)

/** Whether a token has ended by itself. @param now in milliseconds */
export const isOver = ({ expires }: CachedIdentity, now: number): boolean => expires !== null && expires <= now

const dateOf = (ms: number | null): Date | null => ms === null ? null : new Date(ms)

/** Goes on with an answer at once where it is there. */
export const then = <T, Result>(answer: T | Promise<T>, goOn: (answer: T) => Result): Result | Promise<Result> =>
  answer instanceof Promise ? answer.then(goOn) : goOn(answer)
