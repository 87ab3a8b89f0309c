import { defineConfig } from 'drizzle-kit'
import { MIGRATIONS_TABLE } from './src/database/migrations.js'
import { createSqliteFile } from './src/database/sqlite-file.js'

const url = process.env.DATABASE_URL ?? 'file:./authtoken.db'

if (process.argv.includes('migrate')) createSqliteFile(url.replace(/^file:/, ''))

export default defineConfig({
  dialect: 'sqlite',
  schema: './src/database/schema.sqlite.ts',
  out: './migrations/sqlite',
  dbCredentials: { url },
  migrations: { table: MIGRATIONS_TABLE }
})
