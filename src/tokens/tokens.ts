import { type Database, isStorable } from '../database/database-interface.js'
import type { UserId } from '../database/token-table-options.js'
import { readUserId } from '../database/user-model.js'
import { TokensSealed, validationError } from '../errors.js'
import type { AccessTokenStore } from './access-token-store.js'
import type { NewToken, Origin, RotateOptions, TokenChanges } from './access-token.js'
import { drfId, type DrfTokenStore, isDrfOf, readDrfId } from './drf-token-store.js'
import type { IssuedToken, Owner, Token } from '../identity/identity.js'
import { revocation } from './revoke-all.js'

/** The tokens of both kinds: `app.authtoken.tokens`. */
export type Tokens = ReturnType<typeof createTokens>

/**
 * A user's tokens of both kinds, by their public ids.
 * @param database an open database
 * @param kind what is made where nobody says which
 */
export function createTokens (database: Database, drf: DrfTokenStore, access: AccessTokenStore, kind: 'drf' | 'access') {
  const shown = ({ key, ...token }: IssuedToken): Token => token

  /** The DRF token where that id is its, null where the user has none, undefined where the id is another's. */
  async function findDrf (owner: Owner, id: string): Promise<Token | null | undefined> {
    if (!isDrfOf(database.users, owner.id, id)) return undefined
    const token = await drf.find(owner)
    return token === null ? null : shown(token)
  }

  /** Null where the DRF tokens are sealed. */
  async function unlessSealed (token: Promise<IssuedToken>): Promise<IssuedToken | null> {
    try {
      return await token
    } catch (error) {
      if (error instanceof TokensSealed) return null
      throw error
    }
  }

  return {
    /** The user's DRF token with its key, or null. */
    find: drf.find,
    /** The user's DRF token, made where there is none. @throws NotFound where the user was deleted meanwhile, TokensSealed */
    getOrCreate: (owner: Owner): Promise<IssuedToken> => drf.getOrCreate(owner),
    /** A new DRF token in place of the present one, which is dead at once. @throws as above */
    replace: drf.replace,
    /** Makes DRF tokens for users who have none, a batch at a time. @returns after each batch, how many such users were found. @throws as above */
    createMissing: drf.createMissing,

    /** Makes an access token. The answer is the only place where its key ever stands. @throws ValidationError, TokenLimitReached, NotFound */
    create: (owner: Owner, token?: NewToken, origin?: Origin): Promise<IssuedToken> => access.create(owner, token, origin),

    /** Gives a new user the DRF token. Nothing where access tokens are issued: there would be nowhere to show one. */
    async welcome (owner: Owner): Promise<void> {
      if (kind === 'drf') await unlessSealed(drf.getOrCreate(owner))
    },

    /**
     * What the exchange answers with: the DRF token, or a new access token of kind login.
     * @param login the encoded password that the user logged in with: nothing is made once that is another
     * @throws as `create` and `getOrCreate`
     */
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

    /** The user's token of that id, or null. */
    async get (owner: Owner, id: string): Promise<Token | null> {
      const found = await findDrf(owner, id)
      return found === undefined ? await access.find(owner, id) : found
    },

    /** A page of the user's tokens and how many there are: the DRF token first, then the others in the order in which they were made. */
    async list (owner: Owner, { limit, offset = 0 }: { limit: number, offset?: number }): Promise<{ count: number, tokens: Token[] }> {
      const first = await drf.find(owner)
      const before = first === null ? 0 : 1
      const own = first !== null && offset === 0 && limit > 0 ? [shown(first)] : []
      if (!database.accessTokens) return { count: before, tokens: own }
      const rest = await access.list(owner, { limit: limit - own.length, offset: Math.max(0, offset - before) })
      return { count: before + rest.count, tokens: [...own, ...rest.tokens] }
    },

    /** Changes a token. @returns the token as it is then, or null where there is none. @throws ValidationError, Conflict */
    async update (owner: Owner, id: string, changes: TokenChanges): Promise<Token | null> {
      const found = await findDrf(owner, id)
      if (found === undefined) return await access.update(owner, id, changes)
      const fields = Object.keys(changes)
      if (found !== null && fields.length > 0) throw validationError(Object.fromEntries(fields.map((name) => [name, ['A DRF token has none. Use an access token.']])))
      return found
    },

    /**
     * Puts a new token in the place of one.
     * @param options how; a DRF token ends at once
     * @returns the new token with its key, or null where there is none
     * @throws ValidationError on `grace`, Conflict for one that was replaced or has expired
     */
    async rotate (owner: Owner, id: string, options: RotateOptions = {}, origin: Pick<Origin, 'bound'> = {}): Promise<IssuedToken | null> {
      const found = await findDrf(owner, id)
      if (found === undefined) return await access.rotate(owner, id, options, origin)
      if (found === null) return null
      if (options.grace !== undefined && options.grace !== 0) throw validationError({ grace: ['A DRF token ends at once: the grace period must be 0.'] })
      return await drf.replace(owner)
    },

    /**
     * Deletes a token.
     * @param key of which it must be, where one is given: the id of a DRF token outlives its key
     * @returns whether there was one
     */
    async revoke (owner: Owner, id: string, key?: string): Promise<boolean> {
      if (isDrfOf(database.users, owner.id, id)) return await drf.revoke(owner, key)
      return await access.revoke(owner, id)
    },

    /** Deletes all of the user's tokens, of both kinds. @param options `keep`: the id of one that stays */
    async revokeAll (owner: Owner, { keep }: { keep?: string } = {}): Promise<void> {
      await database.transaction((tx) => revocation(database, tx, owner.id, keep), { user: owner.id })
    },

    /** Deletes access tokens that expired before a date, so many at most. @returns how many it were */
    prune: access.prune
  }
}
