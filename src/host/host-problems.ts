import { Column, getTableColumns, getTableName, is, SQL } from 'drizzle-orm'
import { accountColumns } from '../identity/account.js'
import type { Database } from '../database/database-interface.js'
import { idKindOf } from '../database/user-id.js'

/**
 * Why the host's tables can not be used: what the database itself says of them.
 * @param login whether it is we who check passwords
 * @returns every problem, each with the name of its option and what would be right
 */
export async function hostProblems (database: Database, login: boolean): Promise<string[]> {
  const { users, tables, describe, nameOf } = database
  const { table, id, username, password, isActive, isStaff, isSuperuser, select } = users
  const name = getTableName(table)
  const found = await describe(table)
  if (found === null) return [`users.table: the database has no table ${name}; apply the migration that makes it`]

  const problems: string[] = []
  const parts = Object.entries({ id, username, password, isActive, isStaff, isSuperuser, ...Object.fromEntries(Object.entries(select).map(([property, column]) => [`select.${property}`, column])) })
  const used = parts.flatMap(([option, part]) => columnsOf(part).filter((column) => column.table === table).map((column) => [option, nameOf(column)] as const))
  const missing = new Map(used.filter(([, column]) => !found.columns.has(column)).reverse().map(([option, column]) => [column, option]))
  for (const [column, option] of [...missing].reverse()) problems.push(`users.${option}: the table ${name} has no column ${column} in the database; apply the migration that makes it`)

  const idType = found.columns.get(nameOf(id))?.type.toLowerCase() ?? ''
  if (missing.size === 0) {
    if (!found.unique.has(nameOf(id))) problems.push(`users.id: ${nameOf(id)} is neither the primary key of ${name} nor unique; name a column that is`)
    if (idKindOf(idType) === null) problems.push(`users.id: ${nameOf(id)} is ${idType}; ids must be integers, big integers, UUIDs or text`)
    if (login && username !== null && !found.unique.has(nameOf(username))) problems.push(`users.username: ${nameOf(username)} is not unique in ${name}; make it unique (in every row), name a column that is, or give verifyCredentials`)
  }

  for (const [property, own] of Object.entries({ authtokenToken: tables.authtokenToken, authtokenAccesstoken: tables.authtokenAccesstoken, authtokenState: tables.authtokenState })) {
    const description = await describe(own)
    if (description === null) {
      problems.push(`tables.${property}: the database has no table ${getTableName(own)}; make a migration with drizzle-kit, and apply it`)
      continue
    }
    for (const column of Object.values(getTableColumns(own) as Record<string, Column>)) {
      if (!description.columns.has(nameOf(column))) problems.push(`tables.${property}: the table ${getTableName(own)} has no column ${nameOf(column)} in the database; make a migration with drizzle-kit, and apply it`)
    }
    const owner = description.columns.get('user_id')?.type.toLowerCase()
    if (owner === undefined || missing.size > 0) continue
    if (idKindOf(owner) !== idKindOf(idType)) problems.push(`tables.${property}: its user_id is ${owner}, and users.id is ${idType}; make it by authtokenTables(${name}), with a migration`)
    const reference = description.references.get('user_id')
    if (reference?.schema !== found.schema || reference.table !== found.name || reference.column !== nameOf(id)) problems.push(`tables.${property}: its user_id does not refer to ${name}.${nameOf(id)}, so that tokens would outlive their user; make it by authtokenTables(${name}), with a migration`)
  }
  return problems.length > 0 ? problems : await questionProblems(database)
}

/** What the database says of conditions that are the host's own: asked for nobody. */
async function questionProblems ({ db, users }: Database): Promise<string[]> {
  try {
    await db.select(accountColumns(users)).from(users.table).limit(0)
    return []
  } catch (error) {
    return [`users: the database can not select a user: ${((error as Error).cause as Error | undefined ?? error as Error).message}; users.isActive, users.isStaff and users.isSuperuser must be conditions that it understands`]
  }
}

/** The columns that are part of an expression. */
function columnsOf (part: unknown): Column[] {
  if (is(part, Column)) return [part]
  return is(part, SQL) ? part.queryChunks.flatMap(columnsOf) : []
}
