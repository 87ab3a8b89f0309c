import { asc, eq, isNull, sql } from 'drizzle-orm'
import { type Database, isForeignKeyViolation } from '../database/database.js'
import { NotFound } from '../errors.js'
import type { IssuedToken, Token, User } from './identity.js'
import { generateKey, hintOf } from './key.js'

/** What a store needs to know of a user. */
type Owner = Pick<User, 'id'>

/** The tokens of `authtoken_token`: one a user. */
export type TokenStore = ReturnType<typeof createTokenStore>

/**
 * What may be shown of a DRF token.
 * @param key its key, of which only the hint stays
 */
export function describeToken (key: string, userId: number, created: Date | null): Token {
  return {
    id: `drf-${userId}`,
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
export function createTokenStore (database: Database) {
  const { db, schema: { users, authtokenToken: tokens } } = database

  const issued = (row: typeof tokens.$inferSelect): IssuedToken => ({ ...describeToken(row.key, row.userId, row.created), key: row.key })

  const findByUser = database.prepare(db.select().from(tokens).where(eq(tokens.userId, sql.placeholder('userId'))))

  async function find (user: Owner): Promise<IssuedToken | null> {
    const row = await findByUser({ userId: user.id })
    return row === undefined ? null : issued(row)
  }

  async function insert<T> (query: () => PromiseLike<T>): Promise<T> {
    try {
      return await database.run(query)
    } catch (error) {
      throw isForeignKeyViolation(error) ? new NotFound('The user does not exist any more.') : error
    }
  }

  return {
    /** The user's token with its key, or null. */
    find,

    /** The user's token; made where there is none, as DRF's `get_or_create`. @throws NotFound where the user was deleted meanwhile */
    async getOrCreate (user: Owner): Promise<IssuedToken> {
      const present = await find(user)
      if (present !== null) return present
      const [row] = await insert(() => db.insert(tokens)
        .values({ key: generateKey(), created: new Date(), userId: user.id })
        .onConflictDoNothing({ target: tokens.userId })
        .returning())
      return row === undefined ? this.getOrCreate(user) : issued(row)
    },

    /** A new token in place of the user's present one, as `drf_create_token -r`. The old key is dead at once. @throws NotFound as above */
    async replace (user: Owner): Promise<IssuedToken> {
      const fresh = { key: generateKey(), created: new Date() }
      const [row] = await insert(() => db.insert(tokens)
        .values({ ...fresh, userId: user.id })
        .onConflictDoUpdate({ target: tokens.userId, set: fresh })
        .returning())
      return issued(row as typeof tokens.$inferSelect)
    },

    /** Deletes the user's token. @returns whether there was one */
    async revoke (user: Owner): Promise<boolean> {
      const rows = await database.run(() => db.delete(tokens).where(eq(tokens.userId, user.id)).returning({ userId: tokens.userId }))
      return rows.length > 0
    },

    /**
     * Makes tokens for users who have none.
     * @param limit how many at most
     * @returns how many such users were found; 0: every user has a token
     */
    async createMissing (limit: number): Promise<number> {
      const owners = await database.run(() => db.select({ id: users.id })
        .from(users)
        .leftJoin(tokens, eq(tokens.userId, users.id))
        .where(isNull(tokens.key))
        .orderBy(asc(users.id))
        .limit(limit))
      if (owners.length === 0) return 0
      const created = new Date()
      await insert(() => db.insert(tokens)
        .values(owners.map(({ id }) => ({ key: generateKey(), created, userId: id })))
        .onConflictDoNothing({ target: tokens.userId }))
      return owners.length
    }
  }
}
