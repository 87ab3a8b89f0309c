import { DatabaseUnusable, InvalidSettings } from '../errors.js'

/** The largest id that a user can have. */
export const MAX_ID = 2_147_483_647

const FIELDS = ['username', 'password', 'first_name', 'last_name', 'email', 'is_active', 'is_staff', 'is_superuser'] as const
const DATES = ['date_joined', 'last_login'] as const
const COLUMNS = { auth_user: ['id', ...FIELDS, ...DATES], authtoken_token: ['user_id', 'key', 'created'] }
const OWNERLESS = 'from authtoken_token t where not exists (select 1 from auth_user u where u.id = t.user_id)'

/** A user, with the token (`key`, `created`) if there is one. The id are its digits, dates are text in UTC. Nothing has been checked. */
export type SourceUser = { id: string } & Record<typeof FIELDS[number] | typeof DATES[number] | 'key' | 'created', unknown>

interface SourceSize { users: number, tokens: number, lastId: number }

/** What a dialect gives to read a source by. */
export interface SourceConnection {
  /** What messages call it: never with a password. */
  name: string
  /** As `Database.identity`. */
  identity: string
  /** Runs a query with the parameters $1, $2, …. @throws DatabaseUnusable */
  query<Row> (text: string, parameters: unknown[]): Promise<Row[]>
  /** The query for the columns of table $1: name and type. */
  columns: string
  /** A column of dates as text in UTC. */
  dateText (column: string): string
  close (): Promise<void>
}

export type DjangoSource = Awaited<ReturnType<typeof createDjangoSource>>

/** Reads a database that Django made. It and all of its methods throw DatabaseUnusable: the tables are not Django's, or don't answer. */
export async function createDjangoSource ({ name, identity, query, columns, dateText, close }: SourceConnection) {
  for (const [table, needed] of Object.entries(COLUMNS)) {
    const present = await query<{ name: string, type: string }>(columns, [table])
    const problem = tableProblem(table, needed, new Map(present.map(({ name, type }) => [name, type])))
    if (problem !== null) throw new DatabaseUnusable(`${name} has ${problem}`)
  }
  const dates = [...DATES, 't.created'].map((column) => `${dateText(column)} as ${column.replace('t.', '')}`)
  const selectUsers = `select cast(u.id as text) as id, ${FIELDS.join(', ')}, t.key, ${dates.join(', ')}
    from auth_user u left join authtoken_token t on t.user_id = u.id`

  return {
    name,
    identity,

    /** How many rows there are, and the largest id that a user can have in ours, too; 0 where there is none. */
    async size (): Promise<SourceSize> {
      const [size] = await query<SourceSize>(`
        select (select cast(count(*) as float) from auth_user) as users, (select cast(count(*) as float) from authtoken_token) as tokens,
          (select cast(coalesce(max(id), 0) as integer) from auth_user where id between 0 and $1) as "lastId"`, [MAX_ID])
      return size as SourceSize
    },

    /** The next users by their ids, behind the id `after` (null: from the first). Fewer than the limit: there are no more. */
    users: (after: string | null, limit: number): Promise<SourceUser[]> => after === null
      ? query(`${selectUsers} order by u.id limit $1`, [limit])
      : query(`${selectUsers} where u.id > cast($2 as bigint) order by u.id limit $1`, [limit, after]),

    /** How many tokens name a user who is not there, and so many of those users' ids. */
    async ownerless (limit: number): Promise<{ count: number, users: string[] }> {
      const [{ count } = { count: 0 }] = await query<{ count: number }>(`select cast(count(*) as float) as count ${OWNERLESS}`, [])
      const users = await query<{ id: string }>(`select cast(user_id as text) as id ${OWNERLESS} order by user_id limit $1`, [limit])
      return { count, users: users.map(({ id }) => id) }
    },

    close
  }
}

/** What is said of a URL of another form, or one that can not be read. */
export const unreadableUrl = () => new InvalidSettings('The source must be file:<path>, as file:./db.sqlite3, or ' +
  'postgres://<user>:<password>@<host>:<port>/<database>, with special characters of user and password percent-encoded')

function tableProblem (table: string, needed: string[], types: Map<string, string>): string | null {
  if (types.size === 0) {
    const advice = ' (users of a custom AUTH_USER_MODEL stay where they are: run the service on that database, with users.table)'
    return `no table ${table}; only databases of Django with its own user model and rest_framework.authtoken can be imported` +
      (table === 'auth_user' ? advice : '')
  }
  const missing = needed.find((column) => !types.has(column))
  if (missing !== undefined) return `a table ${table} without a column ${missing}; it is not Django's`
  const [id = ''] = needed
  const isInteger = /^(small|big)?int(eger)?$/i.test(types.get(id) ?? '')
  return isInteger ? null : `a table ${table} whose ${id} is no integer; it is not Django's`
}
