/** A column as the database has it. */
export interface ColumnDescription {
  /** As it was declared: `varchar(150)`, `timestamp with time zone`. */
  type: string
  notNull: boolean
  /** Whether a row can be added without a value for it. */
  optional: boolean
}

/** A table as the database has it. */
export interface TableDescription {
  name: string
  /** Where it is; SQLite has one for all. */
  schema: string
  columns: Map<string, ColumnDescription>
  primaryKey: string[]
  /** Columns of which each is unique by itself, in every row. */
  unique: Set<string>
  /** What columns refer to, where they do so by themselves. */
  references: Map<string, { schema: string, table: string, column: string }>
}
