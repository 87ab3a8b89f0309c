import { InvalidSettings, DatabaseUnusable } from '../errors.js'

/** The largest id that a user can have. */
export const MAX_ID = 2_147_483_647

/** A user as the source has it, with the token if there is one. Nothing of it has been looked at. */
export interface SourceUser {
  /** The decimal digits of the id: the id itself may be larger than a number can be. */
  id: string
  username: unknown
  password: unknown
  first_name: unknown
  last_name: unknown
  email: unknown
  is_active: unknown
  is_staff: unknown
  is_superuser: unknown
  /** Dates are text in UTC, to the microsecond. */
  date_joined: unknown
  last_login: unknown
  key: unknown
  created: unknown
}

/** How large a source is. */
export interface SourceSize {
  users: number
  tokens: number
  /** The largest id that a user can have here, too; 0 where there is none. */
  lastId: number
}

/** Tokens whose user is not there. */
export interface Ownerless {
  count: number
  /** The first few ids of users that they name. */
  users: string[]
}

/** A database that Django made. It is only read. All of its methods throw `DatabaseUnusable` where it does not answer. */
export interface DjangoSource {
  /** What messages call it: never with a password. */
  readonly name: string
  /** As `Database.identity`. */
  readonly identity: string
  size (): Promise<SourceSize>
  /**
   * The next users by their ids.
   * @param after the id behind which they begin; null: from the first
   * @param limit how many at most; fewer: there are no more
   */
  users (after: string | null, limit: number): Promise<SourceUser[]>
  /** Tokens of users who are not there. @param limit how many ids of users are named */
  ownerless (limit: number): Promise<Ownerless>
  close (): Promise<void>
}

/** What a source's URL must be. */
const URL_PROBLEM = 'The source must be file:<path>, as file:./db.sqlite3, or postgres://<user>:<password>@<host>:<port>/<database>, with special characters of user and password percent-encoded'

const COLUMNS: Record<string, string[]> = {
  auth_user: ['id', 'username', 'password', 'first_name', 'last_name', 'email', 'is_active', 'is_staff', 'is_superuser', 'date_joined', 'last_login'],
  authtoken_token: ['key', 'created', 'user_id']
}

/** A URL of another form, or one that can not be read. */
export const unreadableUrl = () => new InvalidSettings(URL_PROBLEM)

/**
 * Refuses a database whose tables are not Django's.
 * @param name of the database
 * @param columnsOf the columns of a table, and their types; none where there is no such table
 * @throws DatabaseUnusable
 */
export async function refuseForeignTables (name: string, columnsOf: (table: string) => Promise<Map<string, string>>): Promise<void> {
  for (const [table, needed] of Object.entries(COLUMNS)) {
    const columns = await columnsOf(table)
    const missing = needed.find((column) => !columns.has(column))
    if (columns.size === 0) throw new DatabaseUnusable(`${name} has no table ${table}; only databases of Django with its own user model and rest_framework.authtoken can be imported${table === 'auth_user' ? ' (users of a custom AUTH_USER_MODEL stay where they are: run the service on that database, with users.table)' : ''}`)
    if (missing !== undefined) throw new DatabaseUnusable(`${name} has a table ${table} without a column ${missing}; it is not Django's`)
    const id = table === 'auth_user' ? 'id' : 'user_id'
    if (!/^(small|big)?int(eger)?$/i.test(columns.get(id) ?? '')) throw new DatabaseUnusable(`${name} has a table ${table} whose ${id} is no integer; it is not Django's`)
  }
}
