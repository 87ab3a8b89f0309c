import { fileURLToPath } from 'node:url'
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator'

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
 */
export const pendingMigrations = (dialect: 'sqlite' | 'postgres', newest: number): MigrationMeta[] =>
  readMigrations(dialect).filter((migration) => migration.folderMillis > newest)
