import { getTableColumns, getTableName } from 'drizzle-orm'
import { getTableConfig as postgresConfig } from 'drizzle-orm/pg-core'
import { getTableConfig as sqliteConfig } from 'drizzle-orm/sqlite-core'
import t from 'tap'
import { readMigrations } from '../../../src/database/migrations.js'
import * as postgres from '../../../src/database/postgres/schema.js'
import * as sqlite from '../../../src/database/sqlite/schema.js'

type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : false : false
type Tables = keyof typeof sqlite & keyof typeof postgres
type Agreement = { [Name in Tables]: [Same<typeof sqlite[Name]['$inferSelect'], typeof postgres[Name]['$inferSelect']>, Same<typeof sqlite[Name]['$inferInsert'], typeof postgres[Name]['$inferInsert']>] }

// This compiles only where rows are the same in both dialects.
const agreement: Agreement = {
  users: [true, true],
  authtokenToken: [true, true],
  authtokenAccesstoken: [true, true],
  authtokenState: [true, true]
}

t.test('both dialects have the same tables, with the same columns, which may be null in both or in neither', async (t) => {
  t.same(Object.keys(sqlite), Object.keys(postgres))
  for (const name of Object.keys(agreement) as Tables[]) {
    t.equal(getTableName(sqlite[name]), getTableName(postgres[name]))
    const columns = ({ columns }: { columns: Array<{ name: string, notNull: boolean, primary: boolean, isUnique: boolean }> }) =>
      columns.map(({ name, notNull, primary, isUnique }) => ({ name, notNull, primary, isUnique }))
    t.same(columns(sqliteConfig(sqlite[name])), columns(postgresConfig(postgres[name])), name)
    t.same(Object.keys(getTableColumns(sqlite[name])), Object.keys(getTableColumns(postgres[name])), `${name}: in the same order, which an insert from a select follows`)
  }
})

for (const dialect of ['sqlite', 'postgres'] as const) {
  t.test(`${dialect}: migrations are dated in order, since an older one is skipped`, async (t) => {
    const dates = readMigrations(dialect).map(({ folderMillis }) => folderMillis)
    t.same(dates, [...new Set(dates)].sort((a, b) => a - b))
  })
}
