import { and, eq, gt, isNull, or, sql } from 'drizzle-orm'
import type { Database, Db, Guard } from '../database/database-interface.js'
import type { UserId } from '../database/user-id.js'
import type { Flag } from '../database/user-model.js'
import { AuthtokenError, InvalidToken, NotAuthenticated, PermissionDenied, UserInactive } from '../errors.js'
import type { Token } from '../identity/identity.js'
import { digestOf } from './format.js'

/** Where a caller carries its authority, which no log and no answer shows. */
export const AUTHORITY = Symbol('fastify-authtoken.authority')

/** On whose behalf something is done, with what power: as it was when the caller was found. */
export interface Authority {
  key: string
  token: Token
  userId: UserId
  isStaff: boolean
  isSuperuser: boolean
  /** Whether the user administers, as it is set for the application. */
  administrator: boolean
}

/** Who asks for a write: `request.auth`. */
export interface Caller { readonly [AUTHORITY]: () => Authority }

/** Writes that are done only while their caller may do them. */
export type Guarding = ReturnType<typeof createGuarding>

export function createGuarding (database: Database) {
  const { db, accessTokens, users, tables: { authtokenToken: drf, authtokenAccesstoken: access } } = database

  return {
    /**
     * Runs a write on behalf of a caller. In its transaction the asking token is looked at again: it is there, enabled,
     * unexpired and of the same scope, and its user is active, with the same flags. Otherwise nothing is done.
     * @param mints whether it makes a token: one that was replaced meanwhile makes none, though it goes on for its grace
     * @throws NotAuthenticated, InvalidToken, UserInactive, PermissionDenied
     */
    async actAs<Result> (
      caller: Caller | null, write: (guard: Guard, authority: Authority) => Promise<Result>, { mints = false } = {}
    ): Promise<Result> {
      const authority = authorityOf(caller)
      const guard: Guard = { user: authority.userId, condition: (tx) => standing(tx, authority, mints) }
      try {
        const result = await write(guard, authority)
        // Nothing was written: also where what it is about has gone together with the caller.
        if (result === null || result === false) await requireStanding(authority, guard)
        return result
      } catch (error) {
        if (error instanceof PermissionDenied) throw await refusalOf(authority)
        if (isAboutTarget(error)) await requireStanding(authority, guard)
        throw error
      }
    }
  }

  function standing (tx: Db, { key, token, userId, isStaff, isSuperuser }: Authority, mints: boolean) {
    const isUser = and(is(users.isActive, true), is(users.isStaff, isStaff), is(users.isSuperuser, isSuperuser))
    const found = tx.select({ one: sql`1` })
    if (token.kind === 'drf') {
      return found.from(drf).innerJoin(users.table, eq(users.id, drf.userId)).where(and(eq(drf.key, key), eq(drf.userId, userId), isUser))
    }
    const isReplaced = token.replacedBy === undefined ? isNull(access.replacedBy) : eq(access.replacedBy, token.replacedBy)
    return found.from(access).innerJoin(users.table, eq(users.id, access.userId)).where(and(
      eq(access.digest, digestOf(key)), eq(access.id, token.id), eq(access.userId, userId), eq(access.scope, token.scope),
      isUsable(), mints ? isReplaced : undefined, isUser
    ))
  }

  function isUsable () {
    return and(eq(access.disabled, false), or(isNull(access.expires), gt(access.expires, new Date())))
  }

  async function requireStanding (authority: Authority, guard: Guard): Promise<void> {
    const rows = await database.run(() => guard.condition(db) as PromiseLike<unknown[]>)
    if (rows.length === 0) throw await refusalOf(authority)
  }

  /** What the caller is now, as the next request would hear it. */
  async function refusalOf ({ key }: Authority): Promise<AuthtokenError> {
    const active = { isActive: users.isActive }
    const ofDrf = () => db.select(active).from(drf).innerJoin(users.table, eq(users.id, drf.userId)).where(eq(drf.key, key))
    const ofAccess = () => db.select(active).from(access).innerJoin(users.table, eq(users.id, access.userId))
      .where(and(eq(access.digest, digestOf(key)), isUsable()))
    const [found] = [...await database.run(ofDrf), ...accessTokens ? await database.run(ofAccess) : []]
    if (found === undefined) return new InvalidToken()
    return found.isActive ? new PermissionDenied() : new UserInactive()
  }
}

/** @throws NotAuthenticated for nobody, TypeError for what is no caller */
function authorityOf (caller: Caller | null): Authority {
  if (caller === null) throw new NotAuthenticated()
  if (typeof caller?.[AUTHORITY] !== 'function') throw new TypeError('The caller of a write must be request.auth')
  return caller[AUTHORITY]()
}

/** What is not known to be so is not so. */
const is = (flag: Flag, wanted: boolean) => sql`case when ${flag} then 1 else 0 end = ${sql.raw(wanted ? '1' : '0')}`

/** Whether a refusal would tell a caller who may not ask any more of what is there. */
const isAboutTarget = (error: unknown): boolean => error instanceof AuthtokenError && error.statusCode < 500
