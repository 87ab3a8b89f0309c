import { defineConfig } from 'drizzle-kit'
import { MIGRATIONS_TABLE } from './src/database/migrations.js'
import { createSqliteFile } from './src/database/sqlite/file.js'

const url = process.env.DATABASE_URL || 'file:./authtoken.db'
const isPostgres = process.env.DIALECT === 'postgres' || /^postgres(ql)?:/.test(url)

if (process.argv.includes('migrate') && !isPostgres) createSqliteFile(url.replace(/^file:/, ''))

export default defineConfig(isPostgres
  ? {
      dialect: 'postgresql',
      schema: './src/database/postgres/schema.ts',
      out: './migrations/postgres',
      dbCredentials: { url },
      migrations: { table: MIGRATIONS_TABLE, schema: 'public' }
    }
  : {
      dialect: 'sqlite',
      schema: './src/database/sqlite/schema.ts',
      out: './migrations/sqlite',
      dbCredentials: { url },
      migrations: { table: MIGRATIONS_TABLE }
    })
