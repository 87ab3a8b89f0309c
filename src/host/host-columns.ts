import { and, Column, getTableColumns, getTableName, is, isNull, SQL, sql } from 'drizzle-orm'
import { idKindOf } from '../database/user-id.js'
import { type HostUsers, USUAL_NAMES } from './host-options.js'

type Option = keyof typeof USUAL_NAMES

const DELETED_AT = 'deletedAt'

/** Which columns of the host's table play which part: those that are given, and others by their usual names; and what does not fit. */
export function chooseColumns (options: HostUsers, login: boolean) {
  const { table } = options
  const name = getTableName(table)
  const columns = getTableColumns(table)
  const problems: string[] = []

  const id = chooseId()
  const password = chooseText('password')
  const isActive = chooseFlag('isActive', sql`true`)
  const select = chooseSelection()
  const username = chooseText('username')
  const deletedAt = options.isActive === undefined ? columns[DELETED_AT] : undefined
  const users = {
    table,
    id,
    username,
    password,
    isActive: asFlag(deletedAt === undefined ? isActive : sql`${and(sql`${isActive}`, isNull(deletedAt))}`),
    isStaff: asFlag(chooseFlag('isStaff', sql`false`)),
    isSuperuser: asFlag(chooseFlag('isSuperuser', sql`false`)),
    select
  }
  return { users, problems }

  /** The column that is given for an option, where it is one of the table. */
  function given (option: string, column: unknown): Column | undefined {
    if (column === undefined || Object.values(columns).some((own) => own === column)) return column as Column | undefined
    problems.push(`users.${option} must be a column of the table ${name}`)
  }

  function givenOrUsual (option: Option): Column | undefined {
    if (options[option] !== undefined) return given(option, options[option])
    return USUAL_NAMES[option].map((property) => columns[property]).find((column) => column !== undefined)
  }

  function chooseId (): Column | undefined {
    const id = given('id', options.id) ?? Object.values(columns).find(({ primary }) => primary) ?? columns.id
    const isMissing = id === undefined && options.id === undefined
    if (isMissing) problems.push(`users.id must be given: the table ${name} has no primary key of one column`)
    if (id !== undefined && !isId(id)) problems.push(`users.id must be an integer, a big integer, a UUID or text; ${typeOf(id)}`)
    return id
  }

  function chooseText (option: 'username' | 'password'): Column | null {
    const column = givenOrUsual(option)
    if (column === undefined) {
      if (login && options[option] === undefined) {
        const usual = USUAL_NAMES[option].join(', ').replace(/, (?=\w+$)/, ' or ')
        problems.push(`users.${option} must be given: the table ${name} has no column ${usual}; name it, or give verifyCredentials`)
      }
      return null
    }
    if (!['string', 'custom'].includes(column.dataType)) problems.push(`users.${option} must be a column of text; ${typeOf(column)}`)
    return column
  }

  function chooseFlag (option: 'isActive' | 'isStaff' | 'isSuperuser', otherwise: SQL): SQL | Column {
    if (is(options[option], SQL)) return options[option]
    const column = givenOrUsual(option)
    if (column === undefined) return otherwise
    if (column.dataType !== 'boolean' && !/^bool/i.test(column.getSQLType())) {
      problems.push(`users.${option} must be a boolean column, or a condition such as isNull(${name}.${DELETED_AT}); ${typeOf(column)}`)
    }
    return column
  }

  function chooseSelection (): Record<string, Column> {
    const isShown = (property: string, column: Column) => column !== password && !USUAL_NAMES.password.some((usual) => usual === property)
    if (options.select === undefined) return Object.fromEntries(Object.entries(columns).filter((entry) => isShown(...entry)))
    for (const [property, column] of Object.entries(options.select)) {
      const own = given(`select.${property}`, column)
      if (own !== undefined && own === password) problems.push(`users.select.${property} must not be the password`)
    }
    return options.select
  }
}

/** Whether a column is of a type that a token can refer to. */
export const isId = (column: Column): boolean =>
  ['number', 'bigint', 'string', 'custom'].includes(column.dataType) && idKindOf(column.getSQLType()) !== null

const typeOf = (column: Column): string => `${column.name} is ${column.getSQLType()}`

/** SQLite has numbers for what is so; Drizzle's own boolean columns know that. */
const asFlag = (condition: SQL | Column): SQL | Column =>
  is(condition, Column) && condition.dataType === 'boolean' ? condition : sql`${condition}`.mapWith(Boolean)
