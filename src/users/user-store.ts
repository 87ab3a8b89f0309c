import { and, asc, eq, getTableName, gt, or, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { countAll } from '../database/count-all.js'
import type { Db, DjangoDatabase, Guard } from '../database/database-interface.js'
import { isConstraintViolation, isForeignKeyViolation, isUniqueViolation } from '../database/driver-errors.js'
import { isStorable } from '../database/storable-text.js'
import type { UserId } from '../database/user-id.js'
import { Conflict, refuseProblems, validationError } from '../errors.js'
import type { DjangoUser as User } from '../identity/identity.js'
import { revocation } from '../tokens/revoke-all.js'

type UserFields = Partial<Omit<User, 'id'>> & { password?: string }

/** The users of a database of Django's form. */
export type UserStore = ReturnType<typeof createUserStore>

/** Which users a list holds, in order of their ids. */
export interface UserQuery {
  /** Part of the username or e-mail address, in any case (ASCII). */
  search?: string | undefined
  limit: number
  offset?: number
}

const BATCH = 500

/** Reads and writes users as Django keeps them. Passwords come and go encoded. */
export function createUserStore (database: DjangoDatabase) {
  const { db, users } = database
  const { table, id: idColumn, username: usernameColumn, usernames, fields, lengths } = users
  // A custom model lacks some of these columns; `writable` refuses what would be written to them.
  const select = users.select as Record<keyof User, PgColumn>

  return {
    fields,
    usernames,
    findById,

    async findByUsername (username: string): Promise<User | null> {
      return isStorable(username) ? await findOne(eq(usernameColumn, username)) : null
    },

    /** One page of users and how many there are in all. */
    async list ({ search, limit, offset = 0 }: UserQuery): Promise<{ count: number, users: User[] }> {
      const where = matching(search)
      const page = await database.run(() => selectUsers(where).limit(limit).offset(offset))
      const count = await countAll(page, { limit, offset }, () => database.run(() => db.$count(table, where)))
      return { count, users: page as unknown as User[] }
    },

    /** All users that match, a batch at a time: each begins behind the last id of the one before. */
    async * listAll (search?: string): AsyncGenerator<User, void, undefined> {
      for (let last: UserId | null = null, full = true; full;) {
        const where = and(matching(search), last === null ? undefined : gt(idColumn, last))
        const rows = await database.run(() => selectUsers(where).limit(BATCH)) as unknown as User[]
        yield * rows
        full = rows.length === BATCH
        last = rows.at(-1)?.id ?? last
      }
    },

    /** Adds a user. @throws ValidationError where the username is taken, Conflict where the table wants what only its Django knows */
    async insert (values: UserFields & { username: string, password: string }, guard?: Guard): Promise<User> {
      const row = { ...users.newRow(), ...writable(values) }
      try {
        await database.transaction((tx) => [tx.insert(table).values(row as typeof table.$inferInsert)], undefined, guard)
        const made = await findOne(eq(usernameColumn, values.username))
        if (made === null) throw new Conflict('The user was renamed or deleted as soon as it was made.')
        return made
      } catch (error) {
        throw await refusal(error, row)
      }
    },

    /** Null: there is no such user. @throws as `insert` */
    async update (id: UserId, values: UserFields, { revokeTokens = false } = {}, guard?: Guard): Promise<User | null> {
      const changes = writable(values)
      if (Object.keys(changes).length === 0) return await findById(id)
      try {
        await database.transaction((tx) => [
          tx.update(table).set(changes as object).where(eq(idColumn, id)),
          ...(revokeTokens ? revocation(database, tx, id) : [])
        ], { user: id }, guard)
        return await findById(id)
      } catch (error) {
        throw await refusal(error, changes, id)
      }
    },

    /** Deletes a user and its tokens. @throws Conflict, and nothing is deleted, where other tables point to the user */
    async delete (id: UserId, guard?: Guard): Promise<void> {
      try {
        const statements = (tx: Db) => [...revocation(database, tx, id), tx.delete(table).where(eq(idColumn, id))]
        await database.transaction(statements, { user: id }, guard)
      } catch (error) {
        if (!isForeignKeyViolation(error)) throw error
        throw new Conflict('This user can not be deleted: other tables of the database refer to it. Deactivate it instead.')
      }
    }
  }

  function selectUsers (where: SQL | undefined) {
    return db.select(select).from(table).where(where).orderBy(asc(idColumn))
  }

  async function findOne (where: SQL): Promise<User | null> {
    const [row] = await database.run(() => db.select(select).from(table).where(where))
    return row === undefined ? null : row as unknown as User
  }

  function findById (id: UserId): Promise<User | null> {
    return findOne(eq(idColumn, id))
  }

  function matching (search: string | undefined): SQL | undefined {
    if (search === undefined || search === '') return undefined
    if (!isStorable(search)) return sql`false`
    const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
    const columns = [usernameColumn, ...(fields.has('email') ? [table.email] : [])]
    return or(...columns.map((column) => sql`lower(${column}) like ${pattern} escape '\\'`))
  }

  /** What can be written of it. @throws ValidationError for what these users do not have, or have no room for */
  function writable<Fields extends UserFields> (values: Fields): Fields {
    const entries = Object.entries(values)
    refuseProblems(Object.fromEntries(entries.map(([name, value]) => [snakeCase(name), problemsOf(name, value, values.username)])))
    return Object.fromEntries(entries.filter(([name]) => fields.has(name))) as Fields
  }

  function problemsOf (name: string, value: unknown, username: string | undefined): string[] {
    if (fields.has(name)) {
      const length = lengths.get(name)
      const isTooLong = typeof value === 'string' && length !== undefined && [...value].length > length
      return isTooLong ? [`Ensure this field has no more than ${length} characters.`] : []
    }
    const isUsername = name === 'email' && usernames.column === 'email'
    if (value === ABSENT[name as keyof typeof ABSENT] || (isUsername && value === username)) return []
    return [isUsername ? 'It is the username here: change that.' : 'The users of this database have no such field.']
  }

  /** What is said of a write that the database refused. Its own error may hold what was to be written. */
  async function refusal (error: unknown, values: { username?: string | undefined, email?: string | undefined }, id?: UserId) {
    if (!isConstraintViolation(error)) return error
    if (isUniqueViolation(error)) {
      const taken = values.username === undefined ? null : await findOne(eq(usernameColumn, values.username))
      if (taken !== null && taken.id !== id) return validationError({ username: [USERNAME_TAKEN] })
      if (fields.has('email') && values.email !== undefined) return validationError({ email: ['A user with that email already exists.'] })
    }
    return new Conflict(`The table ${getTableName(table)} of this database refuses that: a constraint of its own is in the way.`)
  }
}

export const USERNAME_TAKEN = 'A user with that username already exists.'

/** What a field reads as where the users have no such column: to write just that changes nothing. */
const ABSENT = { email: '', firstName: '', lastName: '', isStaff: false, isSuperuser: false, isActive: true }

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
