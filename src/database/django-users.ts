import { randomUUID } from 'node:crypto'
import { getTableColumns, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { Conflict, DatabaseUnusable } from '../errors.js'
import { type UserTableOptions, userTableOptions } from '../options/database-options.js'
import { withDefaults } from '../options/option-groups.js'
import { type ColumnDescription, idKindOf, type TableDescription } from './table-description.js'
import type { users as authUser } from './postgres/schema.js'
import type { ColumnOf, DjangoUsers, Flag } from './user-model.js'

type Columns = typeof authUser.$inferInsert

/** What Django's own user model has beside id and password, by our names, with what a new user gets. */
const DEFAULTS = {
  email: () => '',
  firstName: () => '',
  lastName: () => '',
  isStaff: () => false,
  isSuperuser: () => false,
  isActive: () => true,
  dateJoined: () => new Date(),
  lastLogin: () => null
} satisfies { [Name in keyof Columns]?: () => Columns[Name] }

const COLUMN_NAMES: Record<keyof typeof DEFAULTS, string> = {
  email: 'email',
  firstName: 'first_name',
  lastName: 'last_name',
  isStaff: 'is_staff',
  isSuperuser: 'is_superuser',
  isActive: 'is_active',
  dateJoined: 'date_joined',
  lastLogin: 'last_login'
}

const TEXT = /^(text|citext|varchar|char)/i
const BOOLEAN = /^bool/i
const DATETIME = /^(datetime|timestamp)/i

/** What the columns must be, by their declared types. One that is something else is none of ours. */
const TYPES: Record<keyof typeof DEFAULTS, RegExp> = {
  email: TEXT,
  firstName: TEXT,
  lastName: TEXT,
  isStaff: BOOLEAN,
  isSuperuser: BOOLEAN,
  isActive: BOOLEAN,
  dateJoined: DATETIME,
  lastLogin: DATETIME
}

const ABSENT = { email: sql`''`, firstName: sql`''`, lastName: sql`''`, isStaff: sql`false`.mapWith(Boolean), isSuperuser: sql`false`.mapWith(Boolean), isActive: sql`true`.mapWith(Boolean), dateJoined: sql`null`, lastLogin: sql`null` }

/** Users in Django's own table. */
export const authUsers = (table: typeof authUser): DjangoUsers => ({
  ...modelOf(table, new Set(Object.keys(getTableColumns(table)))),
  usernames: { column: 'username', maxLength: 150 },
  lengths: new Map([['firstName', 150], ['lastName', 150], ['email', 254]]),
  newRow: () => defaultsFor(Object.keys(DEFAULTS))
})

/** How a dialect makes a table of columns by their declared types; a type that it does not know makes none. */
export type TableBuilder = (name: string, columns: Record<string, { name: string, type: string }>) => typeof authUser

/**
 * Users in the table of a custom `AUTH_USER_MODEL`.
 * @param found the table as the database has it, or null where there is none
 * @param build makes it in Drizzle's words
 * @throws DatabaseUnusable where they can not be users
 */
export function customUsers (database: string, options: UserTableOptions, found: TableDescription | null, build: TableBuilder): DjangoUsers {
  const { table: name, username } = withDefaults(userTableOptions, options)
  if (found === null) throw new DatabaseUnusable(`${database} has no table ${name} (users.table); Django's "manage.py migrate" makes it`)
  const problem = problemOf(found, username)
  if (problem !== null) throw new DatabaseUnusable(`${database} has a table ${name} ${problem}`)

  const [id] = found.primaryKey as [string]
  const typeOf = (column: string) => found.columns.get(column)?.type ?? ''
  const ours: Record<string, string> = { id, username, password: 'password' }
  for (const [own, column] of Object.entries(COLUMN_NAMES)) {
    if (column !== username && column !== id && TYPES[own as keyof typeof TYPES].test(typeOf(column))) ours[own] = column
  }
  const others = othersOf(found, Object.values(ours))
  // One may be called as one of ours is here: a `username` beside the e-mail address that users log in with.
  const columns = { ...ours, ...Object.fromEntries(others.map((column) => [otherName(column), column])) }
  const table = build(name, Object.fromEntries(Object.entries(columns).map(([own, column]) => [own, { name: column, type: typeOf(column) }])))
  const model = modelOf(table, new Set(Object.keys(ours)))
  return {
    ...model,
    select: { ...model.select, ...(username === COLUMN_NAMES.email && { email: model.username }) },
    usernames: { column: username, maxLength: lengthOf(typeOf(username)) },
    lengths: new Map(Object.keys(COLUMN_NAMES).flatMap((own) => {
      const length = lengthOf(typeOf(ours[own] ?? ''))
      return length === null ? [] : [[own, length]]
    })),
    newRow: () => ({
      ...defaultsFor(Object.keys(ours)),
      ...newId(found, id),
      ...Object.fromEntries(others.map((column) => [otherName(column), neutral(found, column)]))
    })
  }
}

const otherName = (column: string): string => `other ${column}`

/** How many characters a type has room for; null: any number. */
const lengthOf = (type: string): number | null => Number(/\((\d+)\)/.exec(type)?.[1] ?? 0) || null

/** Why a table can not be one of users, to stand behind its name; null: it can. */
function problemOf ({ columns, primaryKey, unique }: TableDescription, username: string): string | null {
  const [id, ...more] = primaryKey
  if (id === undefined || more.length > 0) return '(users.table) without a primary key of one column; it is not a Django user model'
  if (idKindOf(columns.get(id)?.type ?? '') === null) return `(users.table) whose ids, in ${id}, are neither integers nor UUIDs nor text`
  if (!TEXT.test(columns.get('password')?.type ?? '')) return '(users.table) without a column password of text; it is not a Django user model'
  for (const flag of [COLUMN_NAMES.isActive, COLUMN_NAMES.isStaff, COLUMN_NAMES.isSuperuser]) {
    if (columns.has(flag) && !BOOLEAN.test(columns.get(flag)?.type ?? '')) return `(users.table) whose column ${flag} is no boolean`
  }
  const column = columns.get(username)
  if (column === undefined) return `without a column ${username} (users.username); name the one that users log in with, Django's USERNAME_FIELD`
  if (!TEXT.test(column.type)) return `whose column ${username} (users.username) is no text`
  return unique.has(username) ? null : `whose column ${username} (users.username) is not unique`
}

/** What a table of users is to the rest of the program. */
function modelOf (table: typeof authUser, fields: ReadonlySet<string>): Omit<DjangoUsers, 'newRow' | 'usernames' | 'lengths'> {
  const columns = getTableColumns(table)
  const column = <Name extends keyof typeof ABSENT>(name: Name) => fields.has(name) ? columns[name] as PgColumn : ABSENT[name]
  return {
    table,
    id: columns.id as unknown as ColumnOf<number>,
    username: columns.username as unknown as ColumnOf<string>,
    password: columns.password as unknown as ColumnOf<string>,
    isActive: column('isActive') as unknown as Flag,
    isStaff: column('isStaff') as unknown as Flag,
    isSuperuser: column('isSuperuser') as unknown as Flag,
    select: {
      id: columns.id,
      lastLogin: column('lastLogin'),
      isSuperuser: column('isSuperuser'),
      username: columns.username,
      lastName: column('lastName'),
      email: column('email'),
      isStaff: column('isStaff'),
      isActive: column('isActive'),
      dateJoined: column('dateJoined'),
      firstName: column('firstName')
    },
    fields
  }
}

const defaultsFor = (names: string[]): Partial<Columns> =>
  Object.fromEntries(Object.entries(DEFAULTS).filter(([name]) => names.includes(name)).map(([name, value]) => [name, value()]))

/** Columns that a new row needs a value for, beside those that we know. */
const othersOf = ({ columns }: TableDescription, known: string[]): string[] =>
  [...columns].filter(([column, { notNull, optional }]) => notNull && !optional && !known.includes(column)).map(([column]) => column)

/** What a new row holds as its id; nothing where the database counts. @throws Conflict where only its Django could say */
function newId (found: TableDescription, id: string): Partial<Columns> {
  const { type, optional } = found.columns.get(id) as ColumnDescription
  const kind = idKindOf(type)
  if (kind === 'uuid') return { id: randomUUID() as unknown as number }
  return kind === 'integer' && optional ? {} : unknowable(found, id)
}

/** What Django's fields hold where nothing was given, for a column that only the custom model knows. @throws Conflict where only its Django could say */
function neutral (found: TableDescription, column: string): unknown {
  const { type } = found.columns.get(column) as ColumnDescription
  if (found.unique.has(column) || found.references.has(column) || idKindOf(type) === 'uuid') return unknowable(found, column)
  if (TEXT.test(type)) return ''
  if (BOOLEAN.test(type)) return false
  return DATETIME.test(type) ? new Date() : unknowable(found, column)
}

function unknowable ({ name }: TableDescription, column: string): never {
  throw new Conflict(`Users can not be made here: what the column ${name}.${column} has to hold is only known to its Django. Make them there.`)
}
