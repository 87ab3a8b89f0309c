import type { PluginOptions } from '../options/plugin-options.js'
import type { Account, Token } from './identity.js'

/** Every scope; none that is reserved is implied for who is no administrator. */
export const FULL_POWER = '*'
/** Scopes that only an administrator or the command line grants: to administer, and to introspect other people's tokens. */
export const RESERVED_SCOPES: readonly string[] = ['admin', 'introspect']
/** The scope that manages tokens. */
export const TOKENS_SCOPE = 'tokens'

/** RFC 6749 section 3.3: scope tokens with single spaces between them. */
export const SCOPE_PATTERN = '^(?:[\\x21\\x23-\\x5B\\x5D-\\x7E]+(?: [\\x21\\x23-\\x5B\\x5D-\\x7E]+)*)?$'
/** What is said of a scope of another form. */
export const SCOPE_PROBLEM =
  'Enter scopes with single spaces between them; a scope has no space, quotation mark or backslash (RFC 6749 section 3.3).'
/** Characters that a scope may have in all. */
export const MAX_SCOPE_LENGTH = 1000

/** Who administers: superusers, or staff too. */
export type Administrators = NonNullable<PluginOptions['administrators']>

/** What a token may do, together with its owner, who is an administrator at the moment or not. */
export interface Power { scope: string, administrator: boolean }

export const splitScope = (scope: string): string[] => [...new Set(scope.split(' ').filter((word) => word !== ''))]

export const isAdministrator = (user: Pick<Account, 'isSuperuser' | 'isStaff'>, administrators: Administrators): boolean =>
  user.isSuperuser || (administrators === 'staff' && user.isStaff)

/**
 * Whether a power covers scopes. `admin` counts only while the owner is an administrator; full power implies a
 * reserved scope only for administrators; `admin` implies `introspect`.
 * @param wanted space-separated scopes, all of which are needed
 */
export function covers ({ scope, administrator }: Power, wanted: string): boolean {
  const held = splitScope(scope)
  const isFull = held.includes(FULL_POWER)
  return splitScope(wanted).every((one) => {
    if (one === 'admin') return administrator && (isFull || held.includes('admin'))
    if (one === 'introspect') return held.includes('introspect') || (administrator && (isFull || held.includes('admin')))
    return isFull || held.includes(one)
  })
}

/** Whether a maker may give a token scopes: no more than it holds, and a reserved one only as an administrator. */
export const mayGrant = (maker: Power, scope: string): boolean =>
  covers(maker, scope) && (maker.administrator || !splitScope(scope).some((one) => RESERVED_SCOPES.includes(one)))

/** Whether a token lets its owner's staff flag count: full power, or `admin`. */
export const carriesFlags = ({ scope }: Pick<Token, 'scope'>): boolean =>
  splitScope(scope).some((one) => one === FULL_POWER || one === 'admin')
