import { getTableName } from 'drizzle-orm'
import type { DjangoDatabase } from '../database/database-interface.js'
import { isConstraintViolation } from '../database/driver-errors.js'
import { DatabaseUnusable } from '../errors.js'
import { SEALED_NAME } from '../tokens/access-token.js'
import { digestOf, drfHintOf, generateId } from '../tokens/format.js'
import type { DjangoSource, SourceUser } from './django-source.js'
import { type Plan, planBatch, type Step } from './import-plan.js'
import { createTally, type ImportReport, MAX_NAMED, type Tally } from './import-report.js'
import { addRows, findImported, findInTarget, isSealed, lastUserId, refuseSealed } from './import-target.js'
import { type Candidate, readRow } from './source-row.js'

export interface ImportOptions {
  /** Tokens are stored as digests, also where those of the target are in clear. @default false */
  hash?: boolean
  /** Is told after each batch how many users have been read, and how many there are. */
  onProgress?: (progress: { read: number, total: number }) => void
}

const BATCH = 1_000
// Somebody who adds users or tokens at the same moment may be in the way, not again and again.
const ATTEMPTS = 5

/**
 * Copies users and tokens of a database that Django made into one that is migrated. Who is there already is left alone. It may be
 * stopped anywhere: a batch is written whole or not at all, and the next call does the rest.
 * @throws DatabaseUnusable where both are the same, or where one of them refuses; DatabaseUnavailable where ours does not answer
 */
export async function copyUsers (
  source: DjangoSource, database: DjangoDatabase, { hash = false, onProgress = () => {} }: ImportOptions = {}
): Promise<ImportReport> {
  if (source.identity === await database.identity()) {
    throw new DatabaseUnusable(`${source.name} is the database of the option database itself; it needs no import`)
  }
  if (getTableName(database.users.table) !== 'auth_user') {
    throw new DatabaseUnusable(`${database.name} has a user model of its own (users.table), whose users only its Django can make`)
  }
  const { users, tokens, lastId } = await source.size()
  const tally = createTally()
  const batches = createBatches(database, tally, hash || await isSealed(database), lastId)
  // From now on who is added by others gets an id that none of the source's users has.
  if (lastId > 0) await database.reserveIds(lastId)

  let read = 0
  for (let page = await source.users(null, BATCH); page.length > 0;) {
    const last = page.at(-1)?.id as string
    // The next ones are read while these are written.
    const [next] = await Promise.all([page.length < BATCH ? [] : source.users(last, BATCH), batches.add(page)])
    read += page.length
    onProgress({ read, total: users })
    page = next
  }
  const { imported, present, skipped } = tally.tokens
  if (tokens !== imported + present + skipped) {
    const ownerless = await source.ownerless(MAX_NAMED)
    tally.skipTokens('no_user', ownerless.count, ownerless.users)
  }
  return tally.report(batches.digests())
}

function createBatches (database: DjangoDatabase, tally: Tally, hash: boolean, lastId: number) {
  let digests = hash
  let last: number | undefined

  return {
    digests: () => digests,
    async add (page: SourceUser[]): Promise<void> {
      const imported = await findImported(database, page, digests)
      for (const { id, key } of page) {
        if (imported.has(id)) count(tally, [{ sourceId: id, id: Number(id), user: 'present', token: key === null ? null : 'present' }])
      }
      const candidates = page.filter(({ id }) => !imported.has(id)).map(readRow)
      if (candidates.length > 0) count(tally, (await write(candidates)).steps)
    }
  }

  async function write (candidates: Candidate[]): Promise<Plan> {
    for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
      try {
        return await attempt(candidates)
      } catch (error) {
        if (!isConstraintViolation(error)) throw error
        digests ||= await isSealed(database)
        last = undefined
      }
    }
    // Not the error itself: it holds what was to be written.
    throw new DatabaseUnusable(`${database.name} refuses users or tokens that it does not seem to have: ` +
      'a constraint of its own, or other writers, are in the way')
  }

  async function attempt (candidates: Candidate[]): Promise<Plan> {
    last ??= Math.max(lastId, await lastUserId(database))
    const plan = planBatch(candidates, await findInTarget(database, candidates), last)
    if (plan.lastId > last) await database.reserveIds(plan.lastId)
    if (plan.users.length + plan.tokens.length > 0) await database.transaction((tx) => statements(tx, database, plan, digests), 'all')
    last = plan.lastId
    return plan
  }
}

function statements (tx: DjangoDatabase['db'], database: DjangoDatabase, { users, tokens }: Plan, digests: boolean) {
  const { users: { table }, tables } = database
  const added = users.length > 0 ? [addRows(database, tx, table, users)] : []
  if (tokens.length === 0) return added
  if (!digests) return [...added, refuseSealed(tx, tables), addRows(database, tx, tables.authtokenToken, tokens)]
  const common = { kind: 'sealed', name: SEALED_NAME, scope: '*', disabled: false }
  const sealed = tokens.map(({ key, ...token }) => ({ ...token, ...common, id: generateId(), digest: digestOf(key), hint: drfHintOf(key) }))
  return [...added, addRows(database, tx, tables.authtokenAccesstoken, sealed)]
}

function count (tally: Tally, steps: Step[]): void {
  for (const { sourceId, id, user, token } of steps) {
    if (typeof user === 'object') tally.skipUser(user.skip, sourceId)
    else tally.users[user]++
    if (id !== null && String(id) !== sourceId) tally.renumber(sourceId)
    if (token === null) continue
    if (typeof token === 'object') tally.skipTokens(token.skip, 1, [sourceId])
    else tally.tokens[token]++
  }
}
