import type { Database, Guard } from '../database/database-interface.js'
import { isStorable } from '../database/storable-text.js'
import { readUserId, type UserId } from '../database/user-id.js'
import { refuseProblems } from '../errors.js'
import type { IssuedToken, Owner, Token } from '../identity/identity.js'
import type { AccessTokenStore } from './access-token-store.js'
import type { NewToken, Origin, RotateOptions, TokenChanges } from './access-token.js'
import { drfId, type DrfTokenStore, isDrfOf, readDrfId, unlessSealed } from './drf-token-store.js'
import { revocation } from './revoke-all.js'

export type TokenStore = ReturnType<typeof createTokens>

/** A user's tokens of both kinds, by their public ids. @param kind what is made where nobody says which */
export function createTokens (database: Database, drf: DrfTokenStore, access: AccessTokenStore, kind: 'drf' | 'access') {
  const withoutKey = ({ key, ...token }: IssuedToken): Token => token

  /** Undefined where the id is not that of a DRF token. */
  async function findDrf (owner: Owner, id: string): Promise<Token | null | undefined> {
    if (!isDrfOf(database.users, owner.id, id)) return undefined
    const token = await drf.find(owner)
    return token === null ? null : withoutKey(token)
  }

  return {
    /** The user's DRF token with its key, or null. */
    find: drf.find,
    /** The user's DRF token, made where there is none. @throws NotFound where the user was deleted meanwhile, TokensSealed */
    getOrCreate: (owner: Owner): Promise<IssuedToken> => drf.getOrCreate(owner),
    /** A new DRF token in place of the present one, which is dead at once. @throws as above */
    replace: (owner: Owner): Promise<IssuedToken> => drf.replace(owner),
    /** Makes DRF tokens for users who have none. @returns after each batch, how many such users were found. @throws as above */
    createMissing: drf.createMissing,
    /**
     * Makes an access token, whose key stands in the answer alone. For trusted code: nothing bounds its power. What a caller asks for is
     * made by `createAs`. @throws ValidationError, TokenLimitReached, NotFound
     */
    create: (owner: Owner, token?: NewToken, origin?: Origin): Promise<IssuedToken> => access.create(owner, token, origin),

    /** What a login gets: the DRF token, or a new access token of kind login. @throws as `create` and `getOrCreate` */
    async issue (owner: Owner, { password }: { password?: string | undefined }, token?: NewToken): Promise<IssuedToken> {
      const present = token === undefined && kind === 'drf' ? await unlessSealed(drf.getOrCreate(owner, password)) : null
      return present ?? await access.create(owner, token, { kind: 'login', password })
    },

    /** The id of the user whose token it is, or null where there is no such token. */
    async findOwner (id: string): Promise<UserId | null> {
      const text = readDrfId(id)
      if (text === null) return await access.findOwner(id)
      const userId = readUserId(database.users, text)
      return userId === null || await drf.find({ id: userId }) === null ? null : userId
    },

    /** The token of that key, whatever its state: its public id and its owner; null: nobody's. */
    async locate (key: string): Promise<{ id: string, owner: Owner } | null> {
      if (!isStorable(key)) return null
      const found = database.accessTokens ? await access.locate(key) : null
      if (found !== null) return { id: found.id, owner: { id: found.userId } }
      const userId = await drf.locate(key)
      return userId === null ? null : { id: drfId(userId), owner: { id: userId } }
    },

    async get (owner: Owner, id: string): Promise<Token | null> {
      const found = await findDrf(owner, id)
      return found === undefined ? await access.find(owner, id) : found
    },

    /** A page of the user's tokens and how many there are: the DRF token first, then the others, oldest first. */
    async list (owner: Owner, { limit, offset = 0 }: { limit: number, offset?: number }): Promise<{ count: number, tokens: Token[] }> {
      const first = await drf.find(owner)
      const before = first === null ? 0 : 1
      const own = first !== null && offset === 0 && limit > 0 ? [withoutKey(first)] : []
      if (!database.accessTokens) return { count: before, tokens: own }
      const rest = await access.list(owner, { limit: limit - own.length, offset: Math.max(0, offset - before) })
      return { count: before + rest.count, tokens: [...own, ...rest.tokens] }
    },

    /** Changes a token. @returns the token as it is then, or null where there is none. @throws ValidationError, Conflict */
    async update (owner: Owner, id: string, changes: TokenChanges, guard?: Guard): Promise<Token | null> {
      const found = await findDrf(owner, id)
      if (found === undefined) return await access.update(owner, id, changes, guard)
      const refused = found === null ? [] : Object.keys(changes).map((name) => [name, ['A DRF token has none. Use an access token.']])
      refuseProblems(Object.fromEntries(refused))
      return found
    },

    /** Puts a new token in the place of one. @returns it, or null. @throws ValidationError, Conflict for one that is replaced or expired */
    async rotate (
      owner: Owner, id: string, options: RotateOptions = {}, origin: Pick<Origin, 'bound' | 'guard'> = {}
    ): Promise<IssuedToken | null> {
      const found = await findDrf(owner, id)
      if (found === undefined) return await access.rotate(owner, id, options, origin)
      if (found === null) return null
      refuseProblems({ grace: (options.grace ?? 0) === 0 ? [] : ['A DRF token ends at once: the grace period must be 0.'] })
      return await drf.replace(owner, origin.guard)
    },

    /** Deletes a token. @param key that it must have, where one is given: the id of a DRF token outlives its key */
    revoke: (owner: Owner, id: string, key?: string, guard?: Guard): Promise<boolean> =>
      isDrfOf(database.users, owner.id, id) ? drf.revoke(owner, key, guard) : access.revoke(owner, id, guard),

    /** Deletes all of the user's tokens, of both kinds. @param options `keep`: the id of one that stays */
    async revokeAll (owner: Owner, { keep }: { keep?: string } = {}, guard?: Guard): Promise<void> {
      await database.transaction((tx) => revocation(database, tx, owner.id, keep), { user: owner.id }, guard)
    },

    /** Deletes access tokens that expired before a date, so many at most. @returns how many it were */
    prune: access.prune
  }
}

/** Gives new users the DRF token; nothing where access tokens are issued: there would be nowhere to show one. */
export const createForNewUser = (tokens: Pick<TokenStore, 'getOrCreate'>, kind: 'drf' | 'access') =>
  async (owner: Owner): Promise<void> => {
    if (kind === 'drf') await unlessSealed(tokens.getOrCreate(owner))
  }
