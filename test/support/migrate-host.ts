import SQLite from 'better-sqlite3'
import { generateDrizzleJson, generateMigration, generateSQLiteDrizzleJson, generateSQLiteMigration } from 'drizzle-kit/api'
import pg from 'pg'

/** Applies what drizzle-kit makes of a schema, as the host's own migration would. */
export async function migrateHost (url: string, schema: Record<string, unknown>, casing?: 'snake_case' | 'camelCase'): Promise<void> {
  if (url.startsWith('file:')) {
    const statements = await generateSQLiteMigration(
      await generateSQLiteDrizzleJson({}),
      await generateSQLiteDrizzleJson(schema, undefined, casing)
    )
    const client = new SQLite(url.slice('file:'.length))
    for (const statement of statements) client.exec(statement)
    client.close()
    return
  }
  await execute(url, await generateMigration(generateDrizzleJson({}), generateDrizzleJson(schema, undefined, undefined, casing)))
}

/** Runs statements on a PostgreSQL. */
export async function execute (url: string, statements: string[]): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
