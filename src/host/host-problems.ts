import { Column, getTableColumns, getTableName, is, SQL, type Table } from 'drizzle-orm'
import type { Database } from '../database/database-interface.js'
import { idKindOf } from '../database/user-id.js'
import type { TableDescription } from '../database/table-description.js'
import { accountColumns } from '../identity/account.js'

const BEHIND = 'apply the migration that makes it'
const UNMADE = 'make a migration with drizzle-kit, and apply it'

/** Why the host's tables can not be used, as the database has them: each problem with its option and what would be right. */
export async function hostProblems (database: Database, login: boolean): Promise<string[]> {
  const { users, tables: { authtokenToken, authtokenAccesstoken, authtokenState }, describe } = database
  const found = await describe(users.table)
  if (found === null) return [`users.table: the database has no table ${getTableName(users.table)}; ${BEHIND}`]

  const missing = missingColumns(database, found)
  const problems = missing.length > 0 ? missing : columnProblems(database, found, login)
  for (const [property, table] of Object.entries({ authtokenToken, authtokenAccesstoken, authtokenState })) {
    const description = await describe(table)
    const own = description === null
      ? [`the database has no table ${getTableName(table)}; ${UNMADE}`]
      : [...tableProblems(database, table, description), ...missing.length > 0 ? [] : referenceProblems(database, found, description)]
    problems.push(...own.map((problem) => `tables.${property}: ${problem}`))
  }
  return problems.length > 0 ? problems : await questionProblems(database)
}

/** Columns that play a part, and are not there. One that plays several is named once. */
function missingColumns ({ users, nameOf }: Database, found: TableDescription): string[] {
  const { table, id, username, password, isActive, isStaff, isSuperuser, select } = users
  const selected = Object.fromEntries(Object.entries(select).map(([property, column]) => [`select.${property}`, column]))
  const missing = new Map<string, string>()
  for (const [option, part] of Object.entries({ id, username, password, isActive, isStaff, isSuperuser, ...selected })) {
    for (const column of columnsOf(part)) {
      const name = nameOf(column)
      if (column.table === table && !found.columns.has(name) && !missing.has(name)) missing.set(name, option)
    }
  }
  const without = `the table ${getTableName(table)} has no column`
  return [...missing].map(([column, option]) => `users.${option}: ${without} ${column} in the database; ${BEHIND}`)
}

function columnProblems ({ users: { table, id, username }, nameOf }: Database, found: TableDescription, login: boolean): string[] {
  const name = getTableName(table)
  const problems: string[] = []
  if (!found.unique.has(nameOf(id))) {
    problems.push(`users.id: ${nameOf(id)} is neither the primary key of ${name} nor unique; name a column that is`)
  }
  const type = typeOf(found, nameOf(id))
  if (idKindOf(type) === null) problems.push(`users.id: ${nameOf(id)} is ${type}; ids must be integers, big integers, UUIDs or text`)
  if (login && username !== null && !found.unique.has(nameOf(username))) {
    problems.push(`users.username: ${nameOf(username)} is not unique in ${name}; ` +
      'make it unique (in every row), name a column that is, or give verifyCredentials')
  }
  return problems
}

const tableProblems = ({ nameOf }: Database, table: Table, found: TableDescription): string[] =>
  Object.values(getTableColumns(table)).filter((column) => !found.columns.has(nameOf(column)))
    .map((column) => `the table ${getTableName(table)} has no column ${nameOf(column)} in the database; ${UNMADE}`)

/** What is wrong with the column of a table of tokens that says whose they are. */
function referenceProblems ({ users, nameOf }: Database, found: TableDescription, { columns, references }: TableDescription): string[] {
  if (!columns.has('user_id')) return []
  const name = getTableName(users.table)
  const id = nameOf(users.id)
  const [own, wanted] = [typeOf({ columns }, 'user_id'), typeOf(found, id)]
  const problems: string[] = []
  if (idKindOf(own) !== idKindOf(wanted)) {
    problems.push(`its user_id is ${own}, and users.id is ${wanted}; make it by authtokenTables(${name}), with a migration`)
  }
  const reference = references.get('user_id')
  if (reference?.schema !== found.schema || reference.table !== found.name || reference.column !== id) {
    problems.push(`its user_id does not refer to ${name}.${id}, so that tokens would outlive their user; ` +
      `make it by authtokenTables(${name}), with a migration`)
  }
  return problems
}

const typeOf = ({ columns }: Pick<TableDescription, 'columns'>, column: string): string => columns.get(column)?.type.toLowerCase() ?? ''

/** What the database says of conditions that are the host's own: asked for nobody. */
async function questionProblems ({ db, users }: Database): Promise<string[]> {
  try {
    await db.select(accountColumns(users)).from(users.table).limit(0)
    return []
  } catch (error) {
    const { message } = (error as Error).cause as Error | undefined ?? error as Error
    return [`users: the database can not select a user: ${message}; ` +
      'users.isActive, users.isStaff and users.isSuperuser must be conditions that it understands']
  }
}

/** The columns that are part of an expression. */
function columnsOf (part: unknown): Column[] {
  if (is(part, Column)) return [part]
  return is(part, SQL) ? part.queryChunks.flatMap(columnsOf) : []
}
