import { type Column, getTableColumns, getTableName, type Table } from 'drizzle-orm'
import { InvalidSettings } from '../errors.js'

/** The id of a user: an integer, a big one, a UUID or any text. */
export type UserId = number | string | bigint

/** How the tables of tokens are made. */
export interface TableOptions<Id, TableFn> {
  /** The column of the users' ids. @default the column `id` */
  id?: Id
  /** Makes a table: for a prefix, or a schema of PostgreSQL's. */
  table?: TableFn
}

/** The type of a user's id: of the column that was named, or of the column `id`. */
export type IdOf<Users, Id> = [Id] extends [never]
  ? Users extends { id: { _: { data: infer Data extends UserId } } } ? Data : UserId
  : Id extends { _: { data: infer Data extends UserId } } ? Data : UserId

/** The column `id`. @throws InvalidSettings where there is none */
export function idColumnOf<C extends Column> (users: Table): C {
  const { id } = getTableColumns(users)
  if (id === undefined) throw new InvalidSettings(`authtokenTables: the table ${getTableName(users)} has no column "id"; name the one of the users' ids, as { id: ${getTableName(users)}.userId }`)
  return id as C
}

/** @throws InvalidSettings since no token could refer to such an id */
export function refuseId (id: Column): never {
  throw new InvalidSettings(`authtokenTables: the ids of the users in ${getTableName(id.table)} must be integers, big integers, UUIDs or text; the column "${id.name}" is ${id.getSQLType()}`)
}
