import { and, eq, getTableColumns, isNull, sql } from 'drizzle-orm'
import type { Database } from '../database/database-interface.js'
import { Conflict, refuseProblems } from '../errors.js'
import type { IssuedToken, Owner, Token } from '../identity/identity.js'
import { accessTokenStatements } from './access-token-statements.js'
import { MAX_GRACE, type Origin, type RotateOptions } from './access-token.js'
import { earlierOf } from './expiry.js'
import { digestOf, generateId, type TokenFormat } from './format.js'

export function createRotation (database: Database, format: TokenFormat, find: (owner: Owner, id: string) => Promise<Token | null>) {
  const { tables: { authtokenAccesstoken: tokens } } = database
  const { isToken, isAlive, columnsOf } = accessTokenStatements(database)

  function latestWithin (bound: Date) {
    const end = sql.param(bound, tokens.latest)
    return sql`case when ${tokens.latest} < ${end} then ${tokens.latest} else ${end} end`.as('latest')
  }

  /**
   * Puts a new token in the place of one: name, scope, expiry and longest life go over. The old one goes on for the grace.
   * @throws ValidationError on `grace`; Conflict for one that was replaced, or has expired
   */
  return async (
    owner: Owner, id: string, { grace = 0 }: RotateOptions = {}, { bound = null, guard }: Pick<Origin, 'bound' | 'guard'> = {}
  ): Promise<IssuedToken | null> => {
    const isGrace = Number.isInteger(grace) && grace >= 0 && grace <= MAX_GRACE
    refuseProblems({ grace: isGrace ? [] : [`Enter a whole number from 0 to ${MAX_GRACE}.`] })
    const present = await find(owner, id)
    if (present === null) return null
    const now = new Date()
    const key = format.generate()
    const fresh = { id: generateId(), digest: digestOf(key), hint: format.hintOf(key), created: now, lastUsed: null, replacedBy: null }
    const columns = { ...getTableColumns(tokens), ...columnsOf(fresh), latest: bound === null ? tokens.latest : latestWithin(bound) }
    const isReplaced = and(isToken(owner, id), eq(tokens.replacedBy, fresh.id))
    const [replaced] = await database.transaction((tx) => [
      tx.update(tokens).set({ replacedBy: fresh.id }).where(and(isToken(owner, id), isNull(tokens.replacedBy), isAlive(now))),
      tx.insert(tokens).select(tx.select(columns).from(tokens).where(isReplaced)),
      tx.update(tokens).set({ expires: earlierOf(new Date(now.getTime() + grace * 1000), present.expires) }).where(isReplaced),
      tx.delete(tokens).where(and(eq(tokens.userId, owner.id), eq(tokens.replacedBy, id)))
    ], { user: owner.id }, guard)
    if (replaced === 1) {
      // It may have been replaced itself by now.
      const made = await find(owner, fresh.id) ?? { ...present, id: fresh.id, hint: fresh.hint, created: now, lastUsed: null }
      return { ...made, key }
    }
    const left = await find(owner, id)
    if (left === null) return null
    throw left.replacedBy === undefined ? new Conflict('The token has expired. Make a new one.') : alreadyReplaced()
  }
}

export const alreadyReplaced = () => new Conflict('The token was replaced. Change the one that came in its place.')
