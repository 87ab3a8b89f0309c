import { fileURLToPath } from 'node:url'
import { getTableName } from 'drizzle-orm'
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator'
import type { DjangoUsers } from './user-model.js'

/** The bookkeeping table, shared with `drizzle-kit migrate`. A name of our own keeps it apart from a host's migrations. */
export const MIGRATIONS_TABLE = '__authtoken_migrations'

/**
 * The migrations of a dialect, oldest first.
 * @param dialect the folder below `migrations/`
 */
export function readMigrations (dialect: 'sqlite' | 'postgres'): MigrationMeta[] {
  // From dist/src/database the folder is dist/migrations; from src/database it is migrations.
  return readMigrationFiles({ migrationsFolder: fileURLToPath(new URL(`../../migrations/${dialect}`, import.meta.url)) })
}

/**
 * Those of them that a database lacks.
 * @param newest what its bookkeeping names last; 0: nothing
 * @param users whose tokens the tables are for
 */
export const pendingMigrations = (dialect: 'sqlite' | 'postgres', newest: number, users: DjangoUsers): MigrationMeta[] =>
  readMigrations(dialect)
    .filter((migration) => migration.folderMillis > newest)
    .map((migration) => ({ ...migration, sql: migration.sql.flatMap((statement) => statementFor(statement, users)) }))

/** The tables of a custom user model are made by its Django; ours refer to its ids. */
function statementFor (statement: string, { table, id }: DjangoUsers): string[] {
  const name = getTableName(table)
  if (name === AUTH_USER) return [statement]
  if (new RegExp(`CREATE TABLE IF NOT EXISTS ["\`]${AUTH_USER}["\`]`).test(statement)) return []
  return [statement
    .replaceAll(new RegExp(`(["\`])${AUTH_USER}\\1( ?\\()(["\`])id\\3`, 'g'), `$1${name}$1$2$3${id.name}$3`)
    .replaceAll(new RegExp(`(["\`])${AUTH_USER}\\1`, 'g'), `$1${name}$1`)
    .replaceAll(/(["`]user_id["`]) integer/g, `$1 ${id.getSQLType()}`)
    .replaceAll("('id', ", () => `('${id.name.replaceAll("'", "''")}', `)]
}

const AUTH_USER = 'auth_user'
