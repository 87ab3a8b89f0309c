import { fileURLToPath } from 'node:url'
import { type Column, getTableName, type Table } from 'drizzle-orm'
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator'

const AUTH_USER = 'auth_user'

/** The bookkeeping table, shared with `drizzle-kit migrate`. A name of our own keeps it apart from a host's migrations. */
export const MIGRATIONS_TABLE = '__authtoken_migrations'

export type Dialect = 'sqlite' | 'postgres'

/** The migrations of a dialect, oldest first. */
export function readMigrations (dialect: Dialect): MigrationMeta[] {
  // From dist/src/database the folder is dist/migrations; from src/database it is migrations.
  return readMigrationFiles({ migrationsFolder: fileURLToPath(new URL(`../../migrations/${dialect}`, import.meta.url)) })
}

export interface Owners { table: Table, id: Column }

/** Those of them that a database lacks. @param newest what its bookkeeping names last; 0: nothing */
export const pendingMigrations = (dialect: Dialect, newest: number, users: Owners): MigrationMeta[] =>
  readMigrations(dialect)
    .filter((migration) => migration.folderMillis > newest)
    .map((migration) => ({ ...migration, sql: migration.sql.flatMap((statement) => statementFor(statement, users)) }))

/** The tables of a custom user model are made by its Django; ours refer to its ids. */
function statementFor (statement: string, { table, id }: Owners): string[] {
  const name = getTableName(table)
  if (name === AUTH_USER) return [statement]
  if (new RegExp(`CREATE TABLE IF NOT EXISTS ["\`]${AUTH_USER}["\`]`).test(statement)) return []
  return [statement
    .replaceAll(new RegExp(`(["\`])${AUTH_USER}\\1( ?\\()(["\`])id\\3`, 'g'), `$1${name}$1$2$3${id.name}$3`)
    .replaceAll(new RegExp(`(["\`])${AUTH_USER}\\1`, 'g'), `$1${name}$1`)
    .replaceAll(/(["`]user_id["`]) integer/g, `$1 ${id.getSQLType()}`)
    .replaceAll("('id', ", () => `('${id.name.replaceAll("'", "''")}', `)]
}
