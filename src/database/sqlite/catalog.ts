import type SQLite from 'better-sqlite3'
import type { TableDescription } from '../table-description.js'

export function hasTable (client: SQLite.Database, name: string): boolean {
  return client.prepare("select 1 from sqlite_master where type = 'table' and name = ?").get(name) !== undefined
}

/** What a table looks like; null where there is none. */
export function describeTable (client: SQLite.Database, name: string): TableDescription | null {
  const rows = client.prepare('select name, type, "notnull", dflt_value, pk from pragma_table_info(?)').all(name) as ColumnRow[]
  if (rows.length === 0) return null
  const primaryKey = rows.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk).map((row) => row.name)
  const unique = new Set(primaryKey.length === 1 ? primaryKey : [])
  for (const index of client.prepare('select name, "unique", partial from pragma_index_list(?)').all(name) as IndexRow[]) {
    const [column, ...more] = client.prepare('select name from pragma_index_info(?)').pluck().all(index.name) as Array<string | null>
    if (index.unique === 1 && index.partial === 0 && typeof column === 'string' && more.length === 0) unique.add(column)
  }
  // An integer that is the primary key is the row's own number.
  const isRowId = ({ name, type }: ColumnRow) => /^integer$/i.test(type) && primaryKey.length === 1 && primaryKey[0] === name
  const columns = rows.map((row) => [row.name, {
    type: row.type,
    notNull: row.notnull === 1 || row.pk > 0,
    optional: row.dflt_value !== null || isRowId(row)
  }] as const)
  return { name, schema: SCHEMA, columns: new Map(columns), primaryKey, unique, references: referencesOf(client, name) }
}

/** Rows that are added to a table without an id from now on get a larger one than `last`. */
export function reserveIds (client: SQLite.Database, table: string, last: number): void {
  // Without AUTOINCREMENT, as the oldest Django made it, the next id is always the largest and one more.
  if (!hasTable(client, 'sqlite_sequence')) return
  client.transaction(() => {
    const { changes } = client.prepare('update sqlite_sequence set seq = max(seq, cast(? as integer)) where name = ?').run(last, table)
    if (changes === 0) client.prepare('insert into sqlite_sequence (seq, name) values (cast(? as integer), ?)').run(last, table)
  }).immediate()
}

interface ColumnRow { name: string, type: string, notnull: number, dflt_value: unknown, pk: number }
interface IndexRow { name: string, unique: number, partial: number }
interface ReferenceRow { id: number, seq: number, table: string, from: string, to: string | null }

const SCHEMA = 'main'

function referencesOf (client: SQLite.Database, name: string): TableDescription['references'] {
  const references: TableDescription['references'] = new Map()
  const keys = client.prepare('select id, seq, "table", "from", "to" from pragma_foreign_key_list(?)').all(name) as ReferenceRow[]
  const primaryKeyOf = client.prepare<[string], string>('select name from pragma_table_info(?) where pk = 1').pluck()
  for (const { id, seq, table, from, to } of keys) {
    if (seq > 0 || keys.some((other) => other.id === id && other.seq > 0)) continue
    references.set(from, { schema: SCHEMA, table, column: to ?? primaryKeyOf.get(table) as string })
  }
  return references
}
