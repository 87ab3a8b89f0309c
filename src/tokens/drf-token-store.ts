import { and, asc, eq, gt, isNull, notExists, sql } from 'drizzle-orm'
import type { Database, Guard } from '../database/database-interface.js'
import { readUserId, type UserId } from '../database/user-id.js'
import type { UserModel } from '../database/user-model.js'
import { TokensSealed } from '../errors.js'
import type { IssuedToken, Owner, Token } from '../identity/identity.js'
import { drfHintOf, generateDrfKey } from './format.js'
import { isOwner, ownerNotFound } from './owner.js'

export type DrfTokenStore = ReturnType<typeof createDrfTokenStore>

const DRF = 'drf-'

/** The public id of a user's DRF token. */
export const drfId = (userId: UserId): string => `${DRF}${userId}`

/** The user's id in the public id of a DRF token, as text; null where it is another token's, which never has a hyphen. */
export const readDrfId = (id: string): string | null => id.startsWith(DRF) ? id.slice(DRF.length) : null

/** Whether that is the public id of the user's DRF token, however the user's id is written. */
export function isDrfOf (users: UserModel, userId: UserId, id: string): boolean {
  const text = readDrfId(id)
  const owner = text === null ? null : readUserId(users, text)
  return owner !== null && owner === readUserId(users, String(userId))
}

export const describeToken = (key: string, userId: UserId, created: Date | null): Token => ({
  id: drfId(userId),
  kind: 'drf',
  name: null,
  hint: drfHintOf(key),
  scope: '*',
  created,
  expires: null,
  lastUsed: null,
  disabled: false
})

/** Reads and writes `authtoken_token`: one token a user. */
export function createDrfTokenStore (database: Database) {
  const { db, accessTokens, users, cast, tables: { authtokenToken: tokens, authtokenState: state } } = database

  const findByUser = database.prepare(db.select().from(tokens)
    .where(eq(tokens.userId, sql.param(sql.placeholder('userId'), tokens.userId))))
  const isSeal = eq(state.name, 'seal')
  const findSeal = accessTokens ? database.prepare(db.select().from(state).where(isSeal)) : () => undefined
  const isSealed = async (): Promise<boolean> => await findSeal() !== undefined

  const issued = (row: typeof tokens.$inferSelect): IssuedToken => ({ ...describeToken(row.key, row.userId, row.created), key: row.key })
  const freshToken = () => ({ key: generateDrfKey(), created: new Date() })

  async function find (user: Owner): Promise<IssuedToken | null> {
    const row = await findByUser({ userId: user.id })
    return row === undefined ? null : issued(row)
  }

  /** Only while the user's password is the one that was given. */
  async function findFor (user: Owner, password: string): Promise<IssuedToken | null> {
    const [row] = await database.run(() => db.select({ key: tokens.key, userId: tokens.userId, created: tokens.created })
      .from(tokens).innerJoin(users.table, eq(users.id, tokens.userId)).where(isOwner(users, user, password)))
    return row === undefined ? null : issued(row)
  }

  /** Of users who are there, unless the tokens are sealed: looked at in the statement that writes, so that nothing comes between. */
  const rowFor = ({ key, created }: ReturnType<typeof freshToken>, owner: Owner, password?: string) => db
    .select({ key: cast(key, tokens.key).as('key'), created: cast(created, tokens.created).as('created'), userId: users.id })
    .from(users.table)
    .where(and(isOwner(users, owner, password), accessTokens ? notExists(db.select({ one: sql`1` }).from(state).where(isSeal)) : undefined))

  const refusal = async (): Promise<Error> => await isSealed() ? new TokensSealed() : ownerNotFound()

  return {
    find,

    /** The user's token; made where there is none, as DRF's `get_or_create`. @throws NotFound where the owner is gone, TokensSealed */
    async getOrCreate (user: Owner, password?: string): Promise<IssuedToken> {
      const present = password === undefined ? await find(user) : await findFor(user, password)
      if (present !== null) return present
      const row = rowFor(freshToken(), user, password)
      await database.transaction((tx) => [tx.insert(tokens).select(row).onConflictDoNothing({ target: tokens.userId })], { user: user.id })
      const made = password === undefined ? await find(user) : await findFor(user, password)
      if (made === null) throw await refusal()
      return made
    },

    /** A new token in place of the user's present one, as `drf_create_token -r`. @throws as above */
    async replace (user: Owner, guard?: Guard): Promise<IssuedToken> {
      const fresh = freshToken()
      const [replaced] = await database.transaction((tx) => [
        tx.insert(tokens).select(rowFor(fresh, user)).onConflictDoUpdate({ target: tokens.userId, set: fresh })
      ], { user: user.id }, guard)
      if (replaced !== 1) throw await refusal()
      return issued({ ...fresh, userId: user.id })
    },

    /** Whose token has that key. */
    async locate (key: string): Promise<UserId | null> {
      const [row] = await database.run(() => db.select({ userId: tokens.userId }).from(tokens).where(eq(tokens.key, key)))
      return row?.userId ?? null
    },

    /** @param key that the token must have, where one is given */
    async revoke (user: Owner, key?: string, guard?: Guard): Promise<boolean> {
      const which = and(eq(tokens.userId, user.id), key === undefined ? undefined : eq(tokens.key, key))
      const [deleted] = await database.transaction((tx) => [tx.delete(tokens).where(which)], { user: user.id }, guard)
      return deleted === 1
    },

    /** Makes tokens for users who have none. @returns after each batch, how many they were. @throws as above */
    async * createMissing (size = 500): AsyncGenerator<number, void, undefined> {
      for (let last: UserId | null = null, full = true; full;) {
        const owners: Owner[] = await database.run(() => db.select({ id: users.id })
          .from(users.table)
          .leftJoin(tokens, eq(tokens.userId, users.id))
          .where(and(isNull(tokens.key), last === null ? undefined : gt(users.id, last)))
          .orderBy(asc(users.id))
          .limit(size))
        if (owners.length === 0) return
        await database.transaction((tx) => owners.map((owner) =>
          tx.insert(tokens).select(rowFor(freshToken(), owner)).onConflictDoNothing({ target: tokens.userId })))
        if (await isSealed()) throw new TokensSealed()
        yield owners.length
        full = owners.length === size
        last = owners.at(-1)?.id ?? last
      }
    }
  }
}

/** Null where the DRF tokens are sealed. */
export async function unlessSealed (token: Promise<IssuedToken>): Promise<IssuedToken | null> {
  try {
    return await token
  } catch (error) {
    if (error instanceof TokensSealed) return null
    throw error
  }
}
