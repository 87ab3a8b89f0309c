import { getTableColumns, getTableName, type Table } from 'drizzle-orm'
import type { MigrationMeta } from 'drizzle-orm/migrator'
import { DatabaseUnusable } from '../errors.js'
import { type Dialect, type Owners, pendingMigrations, readMigrations } from './migrations.js'
import type { TableDescription } from './table-description.js'

/** What `authtoken check` says of a database. */
export interface Inspection {
  /** The tables are not what they must be: nothing works. */
  unusable: string[]
  /** Keeps the service from starting: a migration is missing, or nothing can be written. Tokens can be verified all the same. */
  unready: string[]
  /** Works, and could be better. */
  advice: string[]
}

/** A table as it must be, and as the database has it: null where it has none. */
interface FoundTable { table: Table, present: TableDescription | null }

/** What a database of Django's form has at one moment. */
export interface SchemaState {
  users: FoundTable
  drfTokens: FoundTable
  accessTokens: FoundTable
  hasPermissions: boolean
  /** The date of the newest migration that was applied; 0: none was, null: this user may not know. */
  newest: number | null
}

/** What Django makes with `auth_user`, or without where users are elsewhere. */
export const PERMISSIONS = 'auth_permission'

/** Tables of Django's form, which are ours to bring up to date: what a dialect can say of them, and do to them. */
export interface ManagedSchema {
  dialect: Dialect
  users: Owners
  read (): SchemaState | Promise<SchemaState>
  /** Applies what `plan` says, and writes that down: in one transaction, within which nobody else does and the state is read. */
  apply (plan: (state: SchemaState) => MigrationMeta[]): void | Promise<void>
  /** How bad it is that a newer version was here before. */
  newerVersion: keyof Inspection
  unreadable (): string[] | Promise<string[]>
  /** What else there is to say, of tables that are what they must be or not, with all migrations or not. */
  condition (known: { usable: boolean, current: boolean }): Partial<Inspection> | Promise<Partial<Inspection>>
}

/** Applies the migrations that are missing. @throws DatabaseUnusable where its users are others, or it can not be used afterwards */
export async function migrateSchema (schema: ManagedSchema, name: string): Promise<void> {
  const plan = (state: SchemaState): MigrationMeta[] => {
    const pending = pendingOf(schema, state)
    const other = pending.length === 0 ? null : otherUsers(state)
    if (other !== null) throw new DatabaseUnusable(`${name} ${other}`)
    return pending
  }
  if (plan(await schema.read()).length > 0) await schema.apply(plan)
  const { unusable, unready } = await inspectSchema(schema)
  if (unusable.length + unready.length > 0) throw new DatabaseUnusable(`${name} ${[...unusable, ...unready].join('; ')}`)
}

/** What keeps the tables from being used, or could be better: one line each, to stand behind the name of the database. */
export async function inspectSchema (schema: ManagedSchema): Promise<Inspection> {
  const found: Inspection = { unusable: [], unready: [], advice: [] }
  const state = await schema.read()
  if ((state.newest ?? 0) > (readMigrations(schema.dialect).at(-1)?.folderMillis ?? 0)) {
    found[schema.newerVersion].push('was migrated by a newer version of fastify-authtoken; install that version')
  }
  found.unusable.push(...await schema.unreadable(), ...tableProblems(state))
  const usable = found.unusable.length === 0
  const current = state.newest === null || pendingOf(schema, state).length === 0
  if (usable && !current) found.unready.push('lacks the newest migrations; run "authtoken migrate"')
  const { unready = [], advice = [] } = await schema.condition({ usable, current })
  found.unready.push(...unready)
  found.advice.push(...advice)
  return found
}

const pendingOf = ({ dialect, users }: ManagedSchema, { newest }: SchemaState): MigrationMeta[] =>
  pendingMigrations(dialect, newest ?? 0, users)

/** Why a database is one of other users than those that were set; null: it is not, as far as can be seen. */
function otherUsers ({ users, drfTokens, accessTokens, hasPermissions }: SchemaState): string | null {
  const name = getTableName(users.table)
  const owners = [drfTokens, accessTokens].map(({ present }) => present?.references.get('user_id')?.table)
  const owner = owners.find((owner) => owner !== undefined && owner !== name)
  if (owner !== undefined) {
    return `has tokens of the users in ${owner}, not in ${name}: set users.table: '${owner}', ` +
      'and users.username to the column that they log in with'
  }
  if (users.present !== null || !hasPermissions) return null
  return `is a Django's without a table ${name}: set users.table to the table of its AUTH_USER_MODEL, ` +
    'and users.username to the column that users log in with'
}

function tableProblems (state: SchemaState): string[] {
  const other = otherUsers(state)
  if (other !== null) return [other]
  return [state.users, state.drfTokens].flatMap(({ table, present }) => {
    const name = getTableName(table)
    if (present === null) return [`has no table ${name}; run "authtoken migrate"`]
    const missing = Object.values(getTableColumns(table)).filter((column) => !present.columns.has(column.name))
    return missing.map((column) => `has a table ${name} without a column ${column.name}; it is not a Django user or token table`)
  })
}
