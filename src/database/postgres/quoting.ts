import type { Table } from 'drizzle-orm'
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core'

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** What PostgreSQL finds a table by: quoted, with its schema where it has one. */
export function qualifiedName (table: Table): string {
  const { name, schema } = getTableConfig(table as PgTable)
  return [schema, name].filter((part) => part !== undefined).map(identifier).join('.')
}
