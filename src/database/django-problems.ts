import { getTableColumns, getTableName, type Table } from 'drizzle-orm'
import type { TableDescription } from './table-description.js'

/** A table as it must be, and as the database has it: null where it has none. */
export interface FoundTable {
  table: Table
  present: TableDescription | null
}

/** What a database of Django's form is known by. */
export interface FoundTables {
  users: FoundTable
  /** Of the DRF tokens. */
  drf: FoundTable
  /** Of the access tokens, which may be missing. */
  access: FoundTable
  /** Whether there is the table of permissions, which Django makes with `auth_user`, or without where users are elsewhere. */
  hasPermissions: boolean
}

/** What Django's `django.contrib.auth` makes, whatever the user model. */
export const PERMISSIONS = 'auth_permission'

/** Why a database is one of other users than those that were set; null: it is not, as far as can be seen. */
export function otherUsers ({ users, drf, access, hasPermissions }: FoundTables): string | null {
  const name = getTableName(users.table)
  for (const { present } of [drf, access]) {
    const owner = present?.references.get('user_id')?.table
    if (owner !== undefined && owner !== name) return `has tokens of the users in ${owner}, not in ${name}: set users.table: '${owner}', and users.username to the column that they log in with`
  }
  return users.present === null && hasPermissions ? `is a Django's without a table ${name}: set users.table to the table of its AUTH_USER_MODEL, and users.username to the column that users log in with` : null
}

/** Why a database of Django's form can not be used, from its tables. */
export function tableProblems (found: FoundTables): string[] {
  const other = otherUsers(found)
  if (other !== null) return [other]
  return [found.users, found.drf].flatMap(({ table, present }) => {
    const name = getTableName(table)
    if (present === null) return [`has no table ${name}; run "authtoken migrate"`]
    const missing = Object.values(getTableColumns(table)).filter((column) => !present.columns.has(column.name))
    return missing.map((column) => `has a table ${name} without a column ${column.name}; it is not a Django user or token table`)
  })
}
