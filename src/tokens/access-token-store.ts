import { and, asc, eq, getTableColumns, gt, inArray, isNotNull, isNull, lte, ne, notInArray, or, type SQL, sql } from 'drizzle-orm'
import { countAll, type Database, isStorable, isUniqueViolation } from '../database/database-interface.js'
import type { UserId } from '../database/token-table-options.js'
import { Conflict, DatabaseUnusable, NotFound, refuseProblems, TokenLimitReached, validationError } from '../errors.js'
import { withDefaults } from '../options/option-groups.js'
import { type TokenOptions, tokenOptions } from '../options/token-options.js'
import { describeAccessToken, MAX_GRACE, nameProblems, type NewToken, type Origin, type RotateOptions, scopeProblems, shownColumns, type TokenChanges } from './access-token.js'
import { digestOf, generateId, randomBase62, type TokenFormat } from './format.js'
import type { IssuedToken, Owner, Token } from '../identity/identity.js'
import { earlier, type ExpiryPolicy } from './expiry.js'
import { splitScope } from '../identity/scope.js'

/** The tokens of `authtoken_accesstoken`. */
export type AccessTokenStore = ReturnType<typeof createAccessTokenStore>

const GENERATED_LENGTH = 10

/**
 * Reads and writes `authtoken_accesstoken`. A token's successor is its `replaced_by`; with a token goes its predecessor.
 * @param database an open database
 */
export function createAccessTokenStore (database: Database, format: TokenFormat, life: ExpiryPolicy, options: TokenOptions = {}) {
  const { limit, atLimit } = withDefaults(tokenOptions, options)
  const { db, users, tables: { authtokenAccesstoken: tokens } } = database
  const shown = shownColumns(database.tables)

  const owned = (owner: Owner, id: string) => and(eq(tokens.userId, owner.id), eq(tokens.id, id))
  const isAlive = (now: Date) => or(isNull(tokens.expires), gt(tokens.expires, now))
  const counted = (owner: Owner, now: Date) => and(eq(tokens.userId, owner.id), isNull(tokens.replacedBy), ne(tokens.kind, 'sealed'), isAlive(now))
  const countOf = (owner: Owner, now: Date) => sql`(select count(*) from ${tokens} where ${counted(owner, now)})`

  /** Predecessors whose successor is gone: nothing would end them any more. */
  const orphansOf = (tx: Database['db'], owner: Owner) => tx.delete(tokens).where(and(
    eq(tokens.userId, owner.id),
    isNotNull(tokens.replacedBy),
    notInArray(tokens.replacedBy, tx.select({ id: tokens.id }).from(tokens).where(eq(tokens.userId, owner.id)))
  ))

  /** An expired token gives up its name. */
  const freeName = (tx: Database['db'], owner: Owner, name: string, now: Date) => tx.delete(tokens)
    .where(and(eq(tokens.userId, owner.id), eq(tokens.name, name), isNull(tokens.replacedBy), lte(tokens.expires, now)))

  function need (): void {
    if (!database.accessTokens) throw new DatabaseUnusable('The database has no table authtoken_accesstoken; run "authtoken migrate"')
  }

  async function find (owner: Owner, id: string): Promise<Token | null> {
    need()
    if (!isStorable(id)) return null
    const [row] = await database.run(() => db.select(shown).from(tokens).where(owned(owner, id)))
    return row === undefined ? null : describeAccessToken(row)
  }

  /** Deletes the oldest tokens where there is no room for one more. */
  const makeRoom = (tx: Database['db'], owner: Owner, kind: 'access' | 'login', now: Date) => tx.delete(tokens).where(inArray(tokens.id, sql`(
    select ${tokens.id} from ${tokens} where ${and(counted(owner, now), kind === 'login' && atLimit === 'reject' ? eq(tokens.kind, 'login') : undefined)}
    order by ${kind === 'login' ? sql`${tokens.kind} <> 'login',` : sql``} ${tokens.created}, ${tokens.id}
    limit (select case when ${countOf(owner, now)} < ${limit} then 0 else ${countOf(owner, now)} - ${limit - 1} end))`))

  return {
    /** The user's token of that id, or null. */
    find,

    /** The id of the user whose token it is, or null. */
    async findOwner (id: string): Promise<UserId | null> {
      need()
      if (!isStorable(id)) return null
      const [row] = await database.run(() => db.select({ userId: tokens.userId }).from(tokens).where(eq(tokens.id, id)))
      return row?.userId ?? null
    },

    /** The token of that key, whatever its state, and whose it is; null: nobody's. */
    async locate (key: string): Promise<{ id: string, userId: UserId } | null> {
      const [row] = await database.run(() => db.select({ id: tokens.id, userId: tokens.userId }).from(tokens).where(eq(tokens.digest, digestOf(key))))
      return row ?? null
    },

    /** A page of the user's tokens, oldest first, the replaced and expired ones too, and how many there are. */
    async list (owner: Owner, { limit, offset = 0 }: { limit: number, offset?: number }): Promise<{ count: number, tokens: Token[] }> {
      need()
      const where = eq(tokens.userId, owner.id)
      const page = await database.run(() => db.select(shown).from(tokens).where(where).orderBy(asc(tokens.created), asc(tokens.id)).limit(limit).offset(offset))
      const count = await countAll(page, { limit, offset }, () => database.run(() => db.$count(tokens, where)))
      return { count, tokens: page.map(describeAccessToken) }
    },

    /**
     * Makes a token. The answer is the only place where its key ever stands.
     * @throws ValidationError on `name`, `scope` or `expires_in`; TokenLimitReached; NotFound where the user, or the password, is not there any more
     */
    async create (owner: Owner, { name, scope = '*', expiresIn }: NewToken = {}, { kind = 'access', bound = null, password }: Origin = {}): Promise<IssuedToken> {
      need()
      const now = new Date()
      const isOwner = and(eq(users.id, owner.id), password === undefined || users.password === null ? undefined : eq(users.password, password))
      refuseProblems({ name: name === undefined ? [] : nameProblems(name), scope: scopeProblems(scope) })
      const key = format.generate()
      const row = {
        id: generateId(),
        userId: owner.id,
        kind,
        name: name?.trim() ?? `${kind}-${randomBase62(GENERATED_LENGTH)}`,
        digest: digestOf(key),
        hint: format.hintOf(key),
        scope: splitScope(scope).join(' '),
        created: now,
        ...life.begin(kind, expiresIn, bound, now),
        lastUsed: null,
        disabled: false,
        replacedBy: null
      }
      let changes
      try {
        changes = await database.transaction((tx) => [
          freeName(tx, owner, row.name, now),
          ...(limit > 0 && (kind === 'login' || atLimit === 'replace') ? [makeRoom(tx, owner, kind, now)] : []),
          orphansOf(tx, owner),
          tx.insert(tokens).select(tx.select(valuesOf(row)).from(users.table).where(and(
            isOwner,
            limit > 0 ? sql`${countOf(owner, now)} < ${limit}` : undefined
          )))
        ], { user: owner.id })
      } catch (error) {
        throw isUniqueViolation(error) ? nameTaken() : error
      }
      if (changes.at(-1) === 1) return { ...describeAccessToken(row), key }
      const present = await database.run(() => db.$count(users.table, isOwner))
      throw present === 0 ? new NotFound('The user, or the password, is not there any more.') : new TokenLimitReached()
    },

    /**
     * Renames, narrows, widens, disables or enables a token.
     * @returns the token as it is then, or null where there is none
     * @throws ValidationError, Conflict for a token that was replaced
     */
    async update (owner: Owner, id: string, { name, scope, disabled }: TokenChanges): Promise<Token | null> {
      need()
      refuseProblems({ name: name === undefined ? [] : nameProblems(name), scope: scope === undefined ? [] : scopeProblems(scope) })
      const changes = {
        ...(name !== undefined && { name: name.trim() }),
        ...(scope !== undefined && { scope: splitScope(scope).join(' ') }),
        ...(disabled !== undefined && { disabled })
      }
      const present = await find(owner, id)
      if (present === null || Object.keys(changes).length === 0) return present
      if (present.replacedBy !== undefined) throw replaced()
      try {
        await database.transaction((tx) => [
          ...(changes.name !== undefined && changes.name !== present.name ? [freeName(tx, owner, changes.name, new Date())] : []),
          tx.update(tokens).set(changes).where(and(owned(owner, id), isNull(tokens.replacedBy)))
        ], { user: owner.id })
      } catch (error) {
        throw isUniqueViolation(error) ? nameTaken() : error
      }
      return await find(owner, id)
    },

    /**
     * Puts a new token in the place of one: name, scope, expiry and longest life go over. The old one goes on for a while.
     * @param grace for how long, in seconds; never beyond its own expiry
     * @param bound what the new one may not outlive
     * @returns the new token with its key, or null where there is no such token
     * @throws ValidationError on `grace`; Conflict for one that was replaced, or has expired
     */
    async rotate (owner: Owner, id: string, { grace = 0 }: RotateOptions = {}, { bound = null }: Pick<Origin, 'bound'> = {}): Promise<IssuedToken | null> {
      need()
      refuseProblems({ grace: Number.isInteger(grace) && grace >= 0 && grace <= MAX_GRACE ? [] : [`Enter a whole number from 0 to ${MAX_GRACE}.`] })
      const present = await find(owner, id)
      if (present === null) return null
      const now = new Date()
      const key = format.generate()
      const fresh = { id: generateId(), digest: digestOf(key), hint: format.hintOf(key), created: now, lastUsed: null, replacedBy: null }
      const latest = bound === null ? tokens.latest : sql`case when ${tokens.latest} < ${sql.param(bound, tokens.latest)} then ${tokens.latest} else ${sql.param(bound, tokens.latest)} end`.as('latest')
      const end = earlier(new Date(now.getTime() + grace * 1000), present.expires)
      const [replacements] = await database.transaction((tx) => [
        tx.update(tokens).set({ replacedBy: fresh.id }).where(and(owned(owner, id), isNull(tokens.replacedBy), isAlive(now))),
        tx.insert(tokens).select(tx.select({ ...getTableColumns(tokens), ...valuesOf(fresh), latest }).from(tokens).where(and(owned(owner, id), eq(tokens.replacedBy, fresh.id)))),
        tx.update(tokens).set({ expires: end }).where(and(owned(owner, id), eq(tokens.replacedBy, fresh.id))),
        tx.delete(tokens).where(and(eq(tokens.userId, owner.id), eq(tokens.replacedBy, id)))
      ], { user: owner.id })
      // What came in its place may be replaced itself by now.
      if (replacements === 1) return { ...await find(owner, fresh.id) ?? { ...present, id: fresh.id, hint: fresh.hint, created: now, lastUsed: null }, key }
      const left = await find(owner, id)
      if (left === null) return null
      throw left.replacedBy === undefined ? new Conflict('The token has expired. Make a new one.') : replaced()
    },

    /** Deletes a token, and the one that it replaced. @returns whether there was one */
    async revoke (owner: Owner, id: string): Promise<boolean> {
      need()
      if (!isStorable(id)) return false
      const [revoked] = await database.transaction((tx) => [
        tx.delete(tokens).where(owned(owner, id)),
        tx.delete(tokens).where(and(eq(tokens.userId, owner.id), eq(tokens.replacedBy, id)))
      ], { user: owner.id })
      return revoked === 1
    },

    /**
     * Deletes what expired before a date.
     * @param limit how many at most
     * @returns how many it were
     */
    async prune (before: Date, limit: number): Promise<number> {
      need()
      const rows = await database.run(() => db.delete(tokens)
        .where(inArray(tokens.id, db.select({ id: tokens.id }).from(tokens).where(lte(tokens.expires, before)).limit(limit)))
        .returning({ id: tokens.id }))
      return rows.length
    }
  }

  /** Values as the columns of a select. */
  function valuesOf<Row extends Partial<typeof tokens.$inferInsert>> (row: Row) {
    return Object.fromEntries(Object.entries(row).map(([name, value]) => {
      const column = tokens[name as keyof Row & keyof typeof tokens.$inferInsert]
      return [name, database.cast(value, column).as(column.name)]
    })) as { [Name in keyof Row]: SQL.Aliased }
  }
}

const nameTaken = () => validationError({ name: ['The user has a token of that name already.'] })

const replaced = () => new Conflict('The token was replaced. Change the one that came in its place.')
