import { idKey, type UserId } from '../database/user-id.js'
import { PermissionDenied, ScopeNotGranted } from '../errors.js'
import type { IssuedToken, Owner, Token } from '../identity/identity.js'
import { covers, mayGrant, type Power } from '../identity/scope.js'
import type { NewToken, RotateOptions, TokenChanges } from './access-token.js'
import type { Authority, Caller, Guarding } from './authority.js'
import type { TokenStore } from './tokens.js'

/** Whose token it is about, where it is not the caller's own: for administrators alone. */
export interface OfOwner { owner?: Owner | undefined }

/** The tokens of both kinds: `app.authtoken.tokens`. */
export type Tokens = TokenStore & ReturnType<typeof createTokensAs>

/**
 * Writes on behalf of a caller, `request.auth`: none gives more than the caller's token has, and none is done once that token
 * is ended, disabled or of another scope, or its user inactive or of other flags. Each throws NotAuthenticated, InvalidToken,
 * UserInactive, PermissionDenied or ScopeNotGranted then, beside what the write of the same name throws.
 */
export function createTokensAs (tokens: TokenStore, { actAs }: Guarding) {
  return {
    /** Makes an access token: by default of the caller's scope, and never living longer than the caller's token. */
    createAs: (caller: Caller | null, token: NewToken = {}, { owner }: OfOwner = {}): Promise<IssuedToken> =>
      actAs(caller, async (guard, authority) => {
        const whose = owner ?? { id: authority.userId }
        checkOwner(authority, whose.id)
        const wanted = { ...token, scope: token.scope ?? authority.token.scope }
        checkGrant(authority, wanted.scope)
        return await tokens.create(whose, wanted, { bound: authority.token.expires, guard })
      }, { mints: true }),

    /** Changes a token. @returns the token as it is then, or null where there is none */
    updateAs: (caller: Caller | null, id: string, changes: TokenChanges, { owner }: OfOwner = {}): Promise<Token | null> =>
      actAs(caller, async (guard, authority) => {
        const whose = owner ?? { id: authority.userId }
        checkOwner(authority, whose.id)
        const token = await tokens.get(whose, id)
        if (token === null) return null
        checkChange(authority, token)
        if (changes.scope !== undefined) checkGrant(authority, changes.scope)
        if (changes.scope !== undefined || changes.disabled === false) checkRenewal(authority, token)
        return await tokens.update(whose, id, changes, guard)
      }),

    /** Puts a new token in the place of one. @returns it, or null where there is none */
    rotateAs: (
      caller: Caller | null, id: string, { owner, ...options }: RotateOptions & OfOwner = {}
    ): Promise<IssuedToken | null> =>
      actAs(caller, async (guard, authority) => {
        const whose = owner ?? { id: authority.userId }
        checkOwner(authority, whose.id)
        const token = await tokens.get(whose, id)
        if (token === null) return null
        checkChange(authority, token)
        checkRenewal(authority, token)
        return await tokens.rotate(whose, id, options, { bound: id === authority.token.id ? null : authority.token.expires, guard })
      }, { mints: true }),

    /** Deletes a token. @param options `key`: the key that it must have. @returns whether there was one */
    revokeAs: (caller: Caller | null, id: string, { owner, key }: OfOwner & { key?: string } = {}): Promise<boolean> =>
      actAs(caller, async (guard, authority) => {
        const whose = owner ?? { id: authority.userId }
        checkOwner(authority, whose.id)
        return await tokens.revoke(whose, id, key, guard)
      }),

    /** Deletes all of a user's tokens, of both kinds. @param options `keep`: the id of one that stays */
    revokeAllAs: (caller: Caller | null, { owner, keep }: OfOwner & { keep?: string } = {}): Promise<void> =>
      actAs(caller, async (guard, authority) => {
        const whose = owner ?? { id: authority.userId }
        checkOwner(authority, whose.id)
        await tokens.revokeAll(whose, keep === undefined ? {} : { keep }, guard)
      })
  }
}

const powerOf = ({ token, administrator }: Authority): Power => ({ scope: token.scope, administrator })

/** Everybody has tokens of its own; those of others are for administrators. */
function checkOwner (authority: Authority, ownerId: UserId): void {
  if (idKey(ownerId) !== idKey(authority.userId) && !covers(powerOf(authority), 'admin')) throw new PermissionDenied()
}

/** A token never makes one that may do more than itself. */
function checkGrant (authority: Authority, scope: string): void {
  if (!mayGrant(powerOf(authority), scope)) throw new ScopeNotGranted()
}

/** A token changes itself, and those that may do no more. */
function checkChange (authority: Authority, token: Token): void {
  if (token.id !== authority.token.id && !covers(powerOf(authority), token.scope)) throw new ScopeNotGranted()
}

/** A token renews itself, and those that live no longer. */
function checkRenewal ({ token: { id, expires } }: Authority, token: Token): void {
  const outlives = expires !== null && (token.expires === null || token.expires > expires)
  if (token.id !== id && outlives) throw new PermissionDenied()
}
