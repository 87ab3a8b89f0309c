import { and, eq, inArray, isNull, ne, sql } from 'drizzle-orm'
import type { Database, Db } from '../database/database-interface.js'
import { isUniqueViolation } from '../database/driver-errors.js'
import { refuseProblems, TokenLimitReached, validationError } from '../errors.js'
import type { IssuedToken, Owner } from '../identity/identity.js'
import { splitScope } from '../identity/scope.js'
import { withDefaults } from '../options/option-groups.js'
import { type TokenOptions, tokenOptions } from '../options/token-options.js'
import { accessTokenStatements } from './access-token-statements.js'
import { describeAccessToken, nameProblems, type NewToken, type Origin, requireAccessTokens, scopeProblems } from './access-token.js'
import type { ExpiryPolicy } from './expiry.js'
import { digestOf, generateId, randomBase62, type TokenFormat } from './format.js'
import { isOwner, ownerNotFound } from './owner.js'

const GENERATED_LENGTH = 10

/** Makes access tokens, as many as a user may have. */
export function createIssuer (database: Database, format: TokenFormat, expiryPolicy: ExpiryPolicy, options: TokenOptions = {}) {
  const { limit, atLimit } = withDefaults(tokenOptions, options)
  const { db, users, tables: { authtokenAccesstoken: tokens } } = database
  const { isAlive, freeName, deleteOrphans, columnsOf } = accessTokenStatements(database)

  const isCounted = (owner: Owner, now: Date) =>
    and(eq(tokens.userId, owner.id), isNull(tokens.replacedBy), ne(tokens.kind, 'sealed'), isAlive(now))
  const countOf = (owner: Owner, now: Date) => sql`(select count(*) from ${tokens} where ${isCounted(owner, now)})`

  /** Deletes the oldest tokens where there is no room for one more. */
  const makeRoom = (tx: Db, owner: Owner, kind: 'access' | 'login', now: Date) => tx.delete(tokens).where(inArray(tokens.id, sql`(
    select ${tokens.id} from ${tokens}
    where ${and(isCounted(owner, now), kind === 'login' && atLimit === 'reject' ? eq(tokens.kind, 'login') : undefined)}
    order by ${kind === 'login' ? sql`${tokens.kind} <> 'login',` : sql``} ${tokens.created}, ${tokens.id}
    limit (select case when ${countOf(owner, now)} < ${limit} then 0 else ${countOf(owner, now)} - ${limit - 1} end))`))

  /** @throws ValidationError on `name`, `scope` or `expires_in`; TokenLimitReached; NotFound where the user, or the password, is gone */
  return async (owner: Owner, token: NewToken = {}, origin: Origin = {}): Promise<IssuedToken> => {
    requireAccessTokens(database)
    const { name, scope = '*', expiresIn } = token
    const { kind = 'access', bound = null, password, guard } = origin
    const now = new Date()
    refuseProblems({ name: name === undefined ? [] : nameProblems(name), scope: scopeProblems(scope) })
    const { expires, lifetime, notAfter } = expiryPolicy.ofNewToken(kind, expiresIn, bound, now)
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
      expires,
      lifetime,
      latest: notAfter,
      lastUsed: null,
      disabled: false,
      replacedBy: null
    }
    const isPresent = isOwner(users, owner, password)
    const hasRoom = limit > 0 ? sql`${countOf(owner, now)} < ${limit}` : undefined
    let changes
    try {
      changes = await database.transaction((tx) => [
        freeName(tx, owner, row.name, now),
        ...(limit > 0 && (kind === 'login' || atLimit === 'replace') ? [makeRoom(tx, owner, kind, now)] : []),
        deleteOrphans(tx, owner),
        tx.insert(tokens).select(tx.select(columnsOf(row)).from(users.table).where(and(isPresent, hasRoom)))
      ], { user: owner.id }, guard)
    } catch (error) {
      throw isUniqueViolation(error) ? nameTaken() : error
    }
    if (changes.at(-1) === 1) return { ...describeAccessToken(row), key }
    throw await database.run(() => db.$count(users.table, isPresent)) === 0 ? ownerNotFound() : new TokenLimitReached()
  }
}

export const nameTaken = () => validationError({ name: ['The user has a token of that name already.'] })
