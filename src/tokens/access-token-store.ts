import { and, asc, eq, inArray, isNull, lte } from 'drizzle-orm'
import { countAll } from '../database/count-all.js'
import type { Database, Guard } from '../database/database-interface.js'
import { isStorable } from '../database/storable-text.js'
import { isUniqueViolation } from '../database/driver-errors.js'
import type { UserId } from '../database/user-id.js'
import { refuseProblems } from '../errors.js'
import type { Owner, Token } from '../identity/identity.js'
import { splitScope } from '../identity/scope.js'
import type { TokenOptions } from '../options/token-options.js'
import { accessTokenStatements } from './access-token-statements.js'
import { describeAccessToken, nameProblems, requireAccessTokens, scopeProblems, shownColumns, type TokenChanges } from './access-token.js'
import type { ExpiryPolicy } from './expiry.js'
import { digestOf, type TokenFormat } from './format.js'
import { createIssuer, nameTaken } from './issue-access-token.js'
import { alreadyReplaced, createRotation } from './rotate-access-token.js'

export type AccessTokenStore = ReturnType<typeof createAccessTokenStore>

/** Reads and writes `authtoken_accesstoken`. A token's successor is its `replaced_by`; with a token goes its predecessor. */
export function createAccessTokenStore (database: Database, format: TokenFormat, expiryPolicy: ExpiryPolicy, options: TokenOptions = {}) {
  const { db, tables: { authtokenAccesstoken: tokens } } = database
  const { isToken, freeName } = accessTokenStatements(database)
  const shown = shownColumns(database.tables)

  async function find (owner: Owner, id: string): Promise<Token | null> {
    requireAccessTokens(database)
    if (!isStorable(id)) return null
    const [row] = await database.run(() => db.select(shown).from(tokens).where(isToken(owner, id)))
    return row === undefined ? null : describeAccessToken(row)
  }

  return {
    find,

    async findOwner (id: string): Promise<UserId | null> {
      requireAccessTokens(database)
      if (!isStorable(id)) return null
      const [row] = await database.run(() => db.select({ userId: tokens.userId }).from(tokens).where(eq(tokens.id, id)))
      return row?.userId ?? null
    },

    /** The token of that key, whatever its state. */
    async locate (key: string): Promise<{ id: string, userId: UserId } | null> {
      const { id, userId, digest } = tokens
      const [row] = await database.run(() => db.select({ id, userId }).from(tokens).where(eq(digest, digestOf(key))))
      return row ?? null
    },

    /** A page of them, oldest first, the replaced and expired ones too, and how many there are. */
    async list (owner: Owner, { limit, offset = 0 }: { limit: number, offset?: number }): Promise<{ count: number, tokens: Token[] }> {
      requireAccessTokens(database)
      const where = eq(tokens.userId, owner.id)
      const page = await database.run(() => db.select(shown).from(tokens).where(where)
        .orderBy(asc(tokens.created), asc(tokens.id)).limit(limit).offset(offset))
      const count = await countAll(page, { limit, offset }, () => database.run(() => db.$count(tokens, where)))
      return { count, tokens: page.map(describeAccessToken) }
    },

    create: createIssuer(database, format, expiryPolicy, options),
    rotate: createRotation(database, format, find),

    /** @returns the token as it is then, or null. @throws ValidationError, Conflict for a token that was replaced */
    async update (owner: Owner, id: string, { name, scope, disabled }: TokenChanges, guard?: Guard): Promise<Token | null> {
      requireAccessTokens(database)
      refuseProblems({ name: name === undefined ? [] : nameProblems(name), scope: scope === undefined ? [] : scopeProblems(scope) })
      const changes = {
        ...(name !== undefined && { name: name.trim() }),
        ...(scope !== undefined && { scope: splitScope(scope).join(' ') }),
        ...(disabled !== undefined && { disabled })
      }
      const present = await find(owner, id)
      if (present === null || Object.keys(changes).length === 0) return present
      if (present.replacedBy !== undefined) throw alreadyReplaced()
      try {
        await database.transaction((tx) => [
          ...(changes.name !== undefined && changes.name !== present.name ? [freeName(tx, owner, changes.name, new Date())] : []),
          tx.update(tokens).set(changes).where(and(isToken(owner, id), isNull(tokens.replacedBy)))
        ], { user: owner.id }, guard)
      } catch (error) {
        throw isUniqueViolation(error) ? nameTaken() : error
      }
      return await find(owner, id)
    },

    /** Deletes a token, and the one that it replaced. */
    async revoke (owner: Owner, id: string, guard?: Guard): Promise<boolean> {
      requireAccessTokens(database)
      if (!isStorable(id)) return false
      const [revoked] = await database.transaction((tx) => [
        tx.delete(tokens).where(isToken(owner, id)),
        tx.delete(tokens).where(and(eq(tokens.userId, owner.id), eq(tokens.replacedBy, id)))
      ], { user: owner.id }, guard)
      return revoked === 1
    },

    /** Deletes what expired before a date, so many at most. @returns how many it were */
    async prune (before: Date, limit: number): Promise<number> {
      requireAccessTokens(database)
      const expired = db.select({ id: tokens.id }).from(tokens).where(lte(tokens.expires, before)).limit(limit)
      const rows = await database.run(() => db.delete(tokens).where(inArray(tokens.id, expired)).returning({ id: tokens.id }))
      return rows.length
    }
  }
}
