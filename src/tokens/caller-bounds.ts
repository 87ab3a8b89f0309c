import { idKey, type UserId } from '../database/user-id.js'
import { PermissionDenied, ScopeNotGranted } from '../errors.js'
import type { Token } from '../identity/identity.js'
import { covers, mayGrant, type Power } from '../identity/scope.js'
import type { Authority } from './authority.js'

const powerOf = ({ token, administrator }: Authority): Power => ({ scope: token.scope, administrator })

/** Everybody has tokens of its own; those of others are for administrators. */
export function checkOwner (authority: Authority, ownerId: UserId): void {
  if (idKey(ownerId) !== idKey(authority.userId) && !covers(powerOf(authority), 'admin')) throw new PermissionDenied()
}

/** A token never makes one that may do more than itself. */
export function checkGrant (authority: Authority, scope: string): void {
  if (!mayGrant(powerOf(authority), scope)) throw new ScopeNotGranted()
}

/** A token changes itself, and those that may do no more. */
export function checkChange (authority: Authority, token: Token): void {
  if (token.id !== authority.token.id && !covers(powerOf(authority), token.scope)) throw new ScopeNotGranted()
}

/** A token renews itself, and those that live no longer. */
export function checkRenewal ({ token: { id, expires } }: Authority, token: Token): void {
  const outlives = expires !== null && (token.expires === null || token.expires > expires)
  if (token.id !== id && outlives) throw new PermissionDenied()
}
