import { and, asc, eq, isNull, notExists, sql } from 'drizzle-orm'
import type { Database } from '../database/database.js'
import { NotFound, TokensSealed } from '../errors.js'
import type { IssuedToken, Token, User } from './identity.js'
import { generateKey, hintOf } from './key.js'

/** What a store needs to know of a user. */
type Owner = Pick<User, 'id'>

/** The tokens of `authtoken_token`: one a user. */
export type DrfStore = ReturnType<typeof createDrfStore>

/** The public id of a user's DRF token. */
export const drfId = (userId: number): string => `drf-${userId}`

// No id of Django's is larger, and PostgreSQL refuses to compare with one that is.
const MAX_USER_ID = 2_147_483_647

/** The user in the public id of a DRF token, or null where it is another token's. */
export const readDrfId = (id: string): number | null => /^drf-\d{1,15}$/.test(id) ? Math.min(Number(id.slice(4)), MAX_USER_ID) : null

/**
 * What may be shown of a DRF token.
 * @param key its key, of which only the hint stays
 */
export function describeToken (key: string, userId: number, created: Date | null): Token {
  return {
    id: drfId(userId),
    kind: 'drf',
    name: null,
    hint: hintOf(key),
    scope: '*',
    created,
    expires: null,
    lastUsed: null,
    disabled: false
  }
}

/**
 * Reads and writes `authtoken_token`.
 * @param database an open database
 */
export function createDrfStore (database: Database) {
  const { db, accessTokens, schema: { users, authtokenToken: tokens, authtokenState: state } } = database

  const issued = (row: typeof tokens.$inferSelect): IssuedToken => ({ ...describeToken(row.key, row.userId, row.created), key: row.key })

  const findByUser = database.prepare(db.select().from(tokens).where(eq(tokens.userId, sql.placeholder('userId'))))
  const findSeal = accessTokens ? database.prepare(db.select().from(state).where(eq(state.name, 'seal'))) : () => undefined

  const isSealed = async (): Promise<boolean> => await findSeal() !== undefined

  async function find (user: Owner): Promise<IssuedToken | null> {
    const row = await findByUser({ userId: user.id })
    return row === undefined ? null : issued(row)
  }

  /** Of users who are there, unless the tokens are sealed: looked at in the statement that writes, so that nothing comes between. */
  const freshFor = ({ key, created }: { key: string, created: Date }, owner: Owner, password?: string) => db
    .select({ key: database.cast(key, tokens.key).as('key'), created: database.cast(created, tokens.created).as('created'), userId: users.id })
    .from(users)
    .where(and(eq(users.id, owner.id), password === undefined ? undefined : eq(users.password, password), accessTokens ? notExists(db.select({ sealed: sql`1` }).from(state).where(eq(state.name, 'seal'))) : undefined))

  /** Why nothing was written. */
  async function refusal (): Promise<Error> {
    return await isSealed() ? new TokensSealed() : new NotFound('The user, or the password, is not there any more.')
  }

  return {
    /** The user's token with its key, or null. */
    find,

    /**
     * The user's token; made where there is none, as DRF's `get_or_create`.
     * @param password the user's encoded password, with which it was asked for: nothing is made once that is another
     * @throws NotFound where the user, or the password, is not there any more; TokensSealed
     */
    async getOrCreate (user: Owner, password?: string): Promise<IssuedToken> {
      const present = await find(user)
      if (present !== null) return present
      const fresh = { key: generateKey(), created: new Date() }
      await database.transaction((tx) => [tx.insert(tokens).select(freshFor(fresh, user, password)).onConflictDoNothing({ target: tokens.userId })], { user: user.id })
      const made = await find(user)
      if (made === null) throw await refusal()
      return made
    },

    /** A new token in place of the user's present one, as `drf_create_token -r`. The old key is dead at once. @throws as above */
    async replace (user: Owner): Promise<IssuedToken> {
      const fresh = { key: generateKey(), created: new Date() }
      const [replaced] = await database.transaction((tx) => [tx.insert(tokens).select(freshFor(fresh, user)).onConflictDoUpdate({ target: tokens.userId, set: fresh })], { user: user.id })
      if (replaced !== 1) throw await refusal()
      return issued({ ...fresh, userId: user.id })
    },

    /** Deletes the user's token. @returns whether there was one */
    async revoke (user: Owner): Promise<boolean> {
      const [deleted] = await database.transaction((tx) => [tx.delete(tokens).where(eq(tokens.userId, user.id))], { user: user.id })
      return deleted === 1
    },

    /**
     * Makes tokens for users who have none.
     * @param limit how many at most
     * @returns how many such users were found; 0: every user has a token
     * @throws as above
     */
    async createMissing (limit: number): Promise<number> {
      const owners = await database.run(() => db.select({ id: users.id })
        .from(users)
        .leftJoin(tokens, eq(tokens.userId, users.id))
        .where(isNull(tokens.key))
        .orderBy(asc(users.id))
        .limit(limit))
      const created = new Date()
      await database.transaction((tx) => owners.map((owner) => tx.insert(tokens)
        .select(freshFor({ key: generateKey(), created }, owner))
        .onConflictDoNothing({ target: tokens.userId })))
      if (owners.length > 0 && await isSealed()) throw new TokensSealed()
      return owners.length
    }
  }
}
