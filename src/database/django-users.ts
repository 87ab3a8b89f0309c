import { randomUUID } from 'node:crypto'
import { getTableColumns, sql, type SQL } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { Conflict, DatabaseUnusable } from '../errors.js'
import type { UserTableOptions } from '../options/database-options.js'
import type { ColumnDescription, TableDescription } from './table-description.js'
import { idKindOf } from './user-id.js'
import type { ColumnOf, DjangoUsers, DjangoUserTable, Flag } from './user-model.js'

type NewUser = DjangoUserTable['$inferInsert']

interface Field<Value> {
  column: string
  /** One that is something else in the database is none of ours. */
  kind: keyof typeof KINDS
  initial: () => Value
  /** What is read where there is no such column. */
  absent: SQL
}

const KINDS = { text: /^(text|citext|varchar|char)/i, boolean: /^bool/i, datetime: /^(datetime|timestamp)/i }

/** What Django's own user model has beside id, username and password, by our names. */
const FIELDS = {
  lastLogin: { column: 'last_login', kind: 'datetime', initial: () => null, absent: sql`null` },
  isSuperuser: { column: 'is_superuser', kind: 'boolean', initial: () => false, absent: sql`false`.mapWith(Boolean) },
  lastName: { column: 'last_name', kind: 'text', initial: () => '', absent: sql`''` },
  email: { column: 'email', kind: 'text', initial: () => '', absent: sql`''` },
  isStaff: { column: 'is_staff', kind: 'boolean', initial: () => false, absent: sql`false`.mapWith(Boolean) },
  isActive: { column: 'is_active', kind: 'boolean', initial: () => true, absent: sql`true`.mapWith(Boolean) },
  dateJoined: { column: 'date_joined', kind: 'datetime', initial: () => new Date(), absent: sql`null` },
  firstName: { column: 'first_name', kind: 'text', initial: () => '', absent: sql`''` }
} satisfies { [Name in keyof NewUser]?: Field<NewUser[Name]> }

type FieldName = keyof typeof FIELDS
const FIELD_NAMES = Object.keys(FIELDS) as FieldName[]

export const authUsers = (table: DjangoUserTable): DjangoUsers => ({
  ...modelOf(table, new Set(Object.keys(getTableColumns(table)))),
  usernames: { column: 'username', maxLength: 150 },
  lengths: new Map([['firstName', 150], ['lastName', 150], ['email', 254]]),
  newRow: () => initialValues(new Set(FIELD_NAMES))
})

/**
 * Users in the table of a custom `AUTH_USER_MODEL`. @throws DatabaseUnusable where they can not be users
 * @param found the table as the database has it, or null where there is none
 * @param build makes it in Drizzle's words, of columns by their declared types
 */
export function customUsers (
  database: string, options: UserTableOptions, found: TableDescription | null,
  build: (name: string, columns: Record<string, { name: string, type: string }>) => unknown
): DjangoUsers {
  const { table: name = 'auth_user', username = 'username' } = options
  if (found === null) throw new DatabaseUnusable(`${database} has no table ${name} (users.table); Django's "manage.py migrate" makes it`)
  const problem = problemOf(found, username)
  if (problem !== null) throw new DatabaseUnusable(`${database} has a table ${name} ${problem}`)

  const [id] = found.primaryKey as [string]
  const typeOf = (column: string) => found.columns.get(column)?.type ?? ''
  const ours: Record<string, string> = { id, username, password: 'password' }
  for (const field of FIELD_NAMES) {
    const { column, kind } = FIELDS[field]
    if (column !== username && column !== id && KINDS[kind].test(typeOf(column))) ours[field] = column
  }
  const others = othersOf(found, Object.values(ours))
  // One may be called as one of ours is here: a `username` beside the e-mail address that users log in with.
  const columns = Object.entries({ ...ours, ...Object.fromEntries(others.map((column) => [otherName(column), column])) })
  const table = build(name, Object.fromEntries(columns.map(([own, column]) => [own, { name: column, type: typeOf(column) }])))
  const fields = new Set(Object.keys(ours))
  const model = modelOf(table as DjangoUserTable, fields)
  return {
    ...model,
    select: { ...model.select, ...(username === FIELDS.email.column && { email: model.username }) },
    usernames: { column: username, maxLength: lengthOf(typeOf(username)) },
    lengths: new Map(FIELD_NAMES.flatMap((field) => {
      const length = lengthOf(typeOf(ours[field] ?? ''))
      return length === null ? [] : [[field, length]]
    })),
    newRow: () => ({
      ...initialValues(fields),
      ...newId(found, id),
      ...Object.fromEntries(others.map((column) => [otherName(column), neutralValue(found, column)]))
    })
  }
}

const otherName = (column: string): string => `other ${column}`

const lengthOf = (type: string): number | null => Number(/\((\d+)\)/.exec(type)?.[1] ?? 0) || null

/** Why a table can not be one of users, to stand behind its name; null: it can. */
function problemOf ({ columns, primaryKey, unique }: TableDescription, username: string): string | null {
  const [id, ...more] = primaryKey
  const isA = (kind: keyof typeof KINDS, column: string) => KINDS[kind].test(columns.get(column)?.type ?? '')
  if (id === undefined || more.length > 0) return '(users.table) without a primary key of one column; it is not a Django user model'
  if (idKindOf(columns.get(id)?.type ?? '') === null) return `(users.table) whose ids, in ${id}, are neither integers nor UUIDs nor text`
  if (!isA('text', 'password')) return '(users.table) without a column password of text; it is not a Django user model'
  for (const { column: flag } of [FIELDS.isActive, FIELDS.isStaff, FIELDS.isSuperuser]) {
    if (columns.has(flag) && !isA('boolean', flag)) return `(users.table) whose column ${flag} is no boolean`
  }
  if (!columns.has(username)) {
    return `without a column ${username} (users.username); name the one that users log in with, Django's USERNAME_FIELD`
  }
  if (!isA('text', username)) return `whose column ${username} (users.username) is no text`
  return unique.has(username) ? null : `whose column ${username} (users.username) is not unique`
}

function modelOf (table: DjangoUserTable, fields: ReadonlySet<string>): Omit<DjangoUsers, 'newRow' | 'usernames' | 'lengths'> {
  const columns = getTableColumns(table)
  const { id, username } = columns
  const known = Object.fromEntries(FIELD_NAMES.map((field) => [field, fields.has(field) ? columns[field] : FIELDS[field].absent])) as
    Record<FieldName, AnyPgColumn | SQL>
  return {
    table,
    // What a column holds is known of a custom model at run time alone.
    id: id as unknown as ColumnOf<number>,
    username: username as unknown as ColumnOf<string>,
    password: columns.password as unknown as ColumnOf<string>,
    isActive: known.isActive as unknown as Flag,
    isStaff: known.isStaff as unknown as Flag,
    isSuperuser: known.isSuperuser as unknown as Flag,
    select: { id, username, ...known },
    fields
  }
}

const initialValues = (fields: ReadonlySet<string>): Partial<NewUser> =>
  Object.fromEntries(FIELD_NAMES.filter((field) => fields.has(field)).map((field) => [field, FIELDS[field].initial()]))

const othersOf = ({ columns }: TableDescription, known: string[]): string[] =>
  [...columns].filter(([column, { notNull, optional }]) => notNull && !optional && !known.includes(column)).map(([column]) => column)

/** What a new row holds as its id; nothing where the database counts. @throws Conflict where only its Django could say */
function newId (found: TableDescription, id: string): Partial<NewUser> {
  const { type, optional } = found.columns.get(id) as ColumnDescription
  const kind = idKindOf(type)
  // The types are auth_user's, whose ids are numbers.
  if (kind === 'uuid') return { id: randomUUID() as unknown as number }
  return kind === 'integer' && optional ? {} : refuseNewUser(found, id)
}

/** What Django's fields hold where nothing was given. @throws Conflict where only its Django could say */
function neutralValue (found: TableDescription, column: string): unknown {
  const { type } = found.columns.get(column) as ColumnDescription
  if (found.unique.has(column) || found.references.has(column) || idKindOf(type) === 'uuid') return refuseNewUser(found, column)
  if (KINDS.text.test(type)) return ''
  if (KINDS.boolean.test(type)) return false
  return KINDS.datetime.test(type) ? new Date() : refuseNewUser(found, column)
}

function refuseNewUser ({ name }: TableDescription, column: string): never {
  throw new Conflict(
    `Users can not be made here: what the column ${name}.${column} has to hold is only known to its Django. Make them there.`)
}
