import { and, Column, getTableColumns, getTableName, is, isNull, SQL, sql, type Table } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { InvalidSettings } from '../errors.js'
import type { HostDatabase, TokenTables } from '../database/database-interface.js'
import { idKindOf } from '../database/user-id.js'
import { DRIVERS, isOfKnownDriver, isSqlite } from '../database/open-database.js'
import type { UserModel } from '../database/user-model.js'

/** Which of the host's columns play which part. What is not given is taken from columns with the usual names. */
export interface HostUsers<Users extends Table = Table> {
  /** The host's table of users, a Drizzle table. */
  table: Users
  /** An integer, a big integer, a UUID or text. @default the primary key */
  id?: Column
  /** What users log in with; unique. @default `username`, or `email` */
  username?: Column
  /** The encoded password. @default `password`, `passwordHash`, `hashedPassword` or `encryptedPassword` */
  password?: Column
  /** Who may come in: a boolean column, or a condition. @default `isActive` or `active`, and without `deletedAt`; everybody where there is none */
  isActive?: Column | SQL
  /** Who passes `isAdminUser`. @default `isStaff` or `isAdmin`; nobody where there is none */
  isStaff?: Column | SQL
  /** Who may hold the scopes `admin` and `introspect`. @default `isSuperuser`; nobody where there is none */
  isSuperuser?: Column | SQL
  /** What `request.user` has. @default all columns but the password */
  select?: Record<string, Column>
}

/** The tables that `authtokenTables` made; others beside them are not looked at, so that the whole schema may be given. */
export interface HostTables { authtokenToken: Table, authtokenAccesstoken: Table, authtokenState: Table }

const USUAL = {
  username: ['username', 'email'],
  password: ['password', 'passwordHash', 'hashedPassword', 'encryptedPassword'],
  isActive: ['isActive', 'active'],
  isStaff: ['isStaff', 'isAdmin'],
  isSuperuser: ['isSuperuser']
}
/** Properties that are never part of `request.user`, unless `select` says so. */
export type PasswordName = 'password' | 'passwordHash' | 'hashedPassword' | 'encryptedPassword'

const DELETED_AT = 'deletedAt'
const TABLE_NAMES = ['authtokenToken', 'authtokenAccesstoken', 'authtokenState'] as const

/**
 * What the host's users are to the rest of the program.
 * @param login whether it is we who check passwords
 * @throws InvalidSettings that names every option that does not fit the others, and what would be right
 */
export function hostUsers (db: HostDatabase, options: HostUsers, tables: HostTables, login: boolean): { users: UserModel, tables: TokenTables } {
  if (!isOfKnownDriver(db)) throw new InvalidSettings(`authtoken: database must be ${DRIVERS}`)
  const TableClass = isSqlite(db) ? SQLiteTable : PgTable
  const core = `drizzle-orm/${isSqlite(db) ? 'sqlite' : 'pg'}-core`
  if (!is(options.table, TableClass)) throw new InvalidSettings(`authtoken: users.table must be a table of ${core}, as the database is`)
  const { table } = options
  const name = getTableName(table)
  const columns = getTableColumns(table)
  const problems: string[] = []

  const given = (option: string, column: unknown): Column | undefined => {
    if (column === undefined || Object.values(columns).some((own) => own === column)) return column as Column | undefined
    problems.push(`users.${option} must be a column of the table ${name}`)
  }
  const usual = (names: string[]) => names.map((name) => columns[name]).find((column) => column !== undefined)
  const flag = (option: 'isActive' | 'isStaff' | 'isSuperuser', otherwise: SQL): SQL | Column => {
    const own = options[option]
    if (is(own, SQL)) return own
    const column = given(option, own) ?? (own === undefined ? usual(USUAL[option]) : undefined)
    if (column === undefined) return otherwise
    if (column.dataType !== 'boolean' && !/^bool/i.test(column.getSQLType())) problems.push(`users.${option} must be a boolean column, or a condition such as isNull(${name}.deletedAt); ${column.name} is ${column.getSQLType()}`)
    return column
  }
  const text = (option: 'username' | 'password'): Column | null => {
    const column = given(option, options[option]) ?? (options[option] === undefined ? usual(USUAL[option]) : undefined)
    if (column === undefined) {
      if (login && options[option] === undefined) problems.push(`users.${option} must be given: the table ${name} has no column ${USUAL[option].join(', ').replace(/, (?=\w+$)/, ' or ')}; name it, or give verifyCredentials`)
      return null
    }
    if (column.dataType !== 'string' && column.dataType !== 'custom') problems.push(`users.${option} must be a column of text; ${column.name} is ${column.getSQLType()}`)
    return column
  }

  const id = given('id', options.id) ?? Object.values(columns).find(({ primary }) => primary) ?? columns.id
  if (id === undefined && options.id === undefined) problems.push(`users.id must be given: the table ${name} has no primary key of one column`)
  if (id !== undefined && !isId(id)) problems.push(`users.id must be an integer, a big integer, a UUID or text; ${id.name} is ${id.getSQLType()}`)
  const password = text('password')
  const deletedAt = columns[DELETED_AT]
  const isActive = flag('isActive', sql`true`)
  const select = options.select ?? Object.fromEntries(Object.entries(columns).filter(([property, column]) => column !== password && !USUAL.password.includes(property)))
  for (const [property, column] of Object.entries(select)) {
    if (given(`select.${property}`, column) !== undefined && column === password) problems.push(`users.select.${property} must not be the password`)
  }
  const model = {
    table,
    id,
    username: text('username'),
    password,
    isActive: asFlag(options.isActive === undefined && deletedAt !== undefined ? and(sql`${isActive}`, isNull(deletedAt)) as SQL : isActive),
    isStaff: asFlag(flag('isStaff', sql`false`)),
    isSuperuser: asFlag(flag('isSuperuser', sql`false`)),
    select
  }

  for (const property of TABLE_NAMES) {
    const own: unknown = tables[property]
    if (!is(own, TableClass)) problems.push(`tables.${property} must be a table of ${core}, as authtokenTables makes it`)
    else if (property !== 'authtokenState' && id !== undefined && isId(id) && getTableColumns(own).userId?.dataType !== id.dataType) problems.push(`tables.${property} must be made for these users, by authtokenTables(${name}): its userId is ${getTableColumns(own).userId?.getSQLType() ?? 'missing'}, and users.id is ${id.getSQLType()}`)
  }
  if (problems.length > 0) throw new InvalidSettings(`authtoken: ${problems.join('; ')}`)
  return { users: model as unknown as UserModel, tables: tables as unknown as TokenTables }
}

const isId = (column: Column): boolean => ['number', 'bigint', 'string', 'custom'].includes(column.dataType) && idKindOf(column.getSQLType()) !== null

/** SQLite has numbers for what is so; Drizzle's own boolean columns know that. */
const asFlag = (condition: SQL | Column): SQL | Column => is(condition, Column) && condition.dataType === 'boolean' ? condition : sql`${condition}`.mapWith(Boolean)
