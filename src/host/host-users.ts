import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { HostDatabase, TokenTables } from '../database/database-interface.js'
import { DRIVERS, isOfKnownDriver, isSqlite } from '../database/open-database.js'
import type { UserModel } from '../database/user-model.js'
import { InvalidSettings } from '../errors.js'
import { chooseColumns, isId } from './host-columns.js'
import type { HostTables, HostUsers } from './host-options.js'

const TABLE_NAMES = ['authtokenToken', 'authtokenAccesstoken', 'authtokenState'] as const

/**
 * What the host's users and tables are to the rest of the program.
 * @param login whether it is we who check passwords
 * @throws InvalidSettings that names every option that does not fit the others, and what would be right
 */
export function hostUsers (db: HostDatabase, options: HostUsers, tables: HostTables, login: boolean) {
  if (!isOfKnownDriver(db)) throw new InvalidSettings(`authtoken: database must be ${DRIVERS}`)
  const [TableClass, core] = isSqlite(db) ? [SQLiteTable, 'drizzle-orm/sqlite-core'] : [PgTable, 'drizzle-orm/pg-core']
  if (!is(options.table, TableClass)) throw new InvalidSettings(`authtoken: users.table must be a table of ${core}, as the database is`)

  const { users, problems } = chooseColumns(options, login)
  for (const property of TABLE_NAMES) problems.push(...tableProblems(property, tables[property]))
  if (problems.length > 0) throw new InvalidSettings(`authtoken: ${problems.join('; ')}`)
  return { users: users as unknown as UserModel, tables: tables as unknown as TokenTables }

  function tableProblems (property: typeof TABLE_NAMES[number], table: unknown): string[] {
    if (!is(table, TableClass)) return [`tables.${property} must be a table of ${core}, as authtokenTables makes it`]
    const { id } = users
    if (property === 'authtokenState' || id === undefined || !isId(id)) return []
    const { userId } = getTableColumns(table)
    return userId?.dataType === id.dataType
      ? []
      : [`tables.${property} must be made for these users, by authtokenTables(${getTableName(options.table)}): ` +
         `its userId is ${userId?.getSQLType() ?? 'missing'}, and users.id is ${id.getSQLType()}`]
  }
}
