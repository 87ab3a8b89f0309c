import type { like } from 'drizzle-orm'
import { and, asc, eq, getTableColumns, or, sql } from 'drizzle-orm'
import { type Database, isForeignKeyViolation, isStorable, isUniqueViolation } from '../database/database.js'
import { Conflict, validationError } from '../errors.js'
import type { User } from '../tokens/identity.js'
import { revocation } from '../tokens/revocation.js'

/** The columns of a user that callers may set, the password already encoded. */
export type UserFields = Partial<Omit<User, 'id'>> & { password?: string }

/** The users of `auth_user`. */
export type UserStore = ReturnType<typeof createUserStore>

/** Which users a list holds, in order of their ids. */
export interface UserQuery {
  /** Part of the username or e-mail address, in any case (ASCII). */
  search?: string | undefined
  limit: number
  offset?: number
}

/**
 * Reads and writes `auth_user`. Passwords come and go encoded.
 * @param database an open database
 */
export function createUserStore (database: Database) {
  const { db, schema: { users } } = database
  const { password, ...columns } = getTableColumns(users)

  const findWithPassword = database.prepare(db.select({ user: columns, password }).from(users).where(eq(users.username, sql.placeholder('username'))))

  async function findById (id: number): Promise<User | null> {
    const [row] = await database.run(() => db.select(columns).from(users).where(eq(users.id, id)))
    return row ?? null
  }

  const matching = (search: string | undefined) => {
    if (search === undefined || search === '') return undefined
    if (!isStorable(search)) return sql`false`
    const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
    return or(escapedLike(users.username, pattern), escapedLike(users.email, pattern))
  }

  return {
    /** The user of that exact name, or null. */
    async findByUsername (username: string): Promise<User | null> {
      if (!isStorable(username)) return null
      const [row] = await database.run(() => db.select(columns).from(users).where(eq(users.username, username)))
      return row ?? null
    },

    /** The user of that exact name with the encoded password, or null. */
    async findWithPassword (username: string): Promise<{ user: User, password: string } | null> {
      return isStorable(username) ? await findWithPassword({ username }) ?? null : null
    },

    /** The user of that id, or null. */
    findById,

    /** One page of users and how many there are in all. */
    async list ({ search, limit, offset = 0 }: UserQuery): Promise<{ count: number, users: User[] }> {
      const where = matching(search)
      const count = await database.run(() => db.$count(users, where))
      const page = await database.run(() => db.select(columns).from(users).where(where).orderBy(asc(users.id)).limit(limit).offset(offset))
      return { count, users: page }
    },

    /** Adds a user. @throws ValidationError where the username is taken */
    async insert (fields: UserFields & { username: string, password: string }): Promise<User> {
      const row = {
        email: '',
        firstName: '',
        lastName: '',
        isStaff: false,
        isSuperuser: false,
        isActive: true,
        dateJoined: new Date(),
        lastLogin: null,
        ...fields
      }
      try {
        const [user] = await database.run(() => db.insert(users).values(row).returning(columns))
        return user as User
      } catch (error) {
        throw isUniqueViolation(error) ? usernameTaken() : error
      }
    },

    /**
     * Changes a user.
     * @param options `revokeTokens`: the user's tokens end with the change
     * @returns the changed user, or null where there is none
     * @throws ValidationError where the new username is taken
     */
    async update (id: number, fields: UserFields, { revokeTokens = false } = {}): Promise<User | null> {
      try {
        await database.transaction((tx) => [tx.update(users).set(fields).where(eq(users.id, id)), ...(revokeTokens ? revocation(database, tx, id) : [])], { user: id })
        return await findById(id)
      } catch (error) {
        throw isUniqueViolation(error) ? usernameTaken() : error
      }
    },

    /** Puts another encoding of the same password in the place of the one that was read, unless it changed meanwhile. */
    async replacePassword (id: number, old: string, encoded: string): Promise<void> {
      await database.run(() => db.update(users).set({ password: encoded }).where(and(eq(users.id, id), eq(users.password, old))))
    },

    /** Deletes a user and its tokens. @throws Conflict, and nothing is deleted, where other tables point to the user */
    async delete (id: number): Promise<void> {
      try {
        await database.transaction((tx) => [...revocation(database, tx, id), tx.delete(users).where(eq(users.id, id))], { user: id })
      } catch (error) {
        throw isForeignKeyViolation(error) ? new Conflict('This user can not be deleted: other tables of the database refer to it. Deactivate it instead.') : error
      }
    },

    /** Encoded passwords of the first and the last users: a sample of the forms that the table holds. */
    async samplePasswords (limit: number): Promise<string[]> {
      const sample = (order: typeof users.id | ReturnType<typeof sql>) =>
        database.run(() => db.select({ password }).from(users).orderBy(order).limit(limit))
      const rows = [...await sample(users.id), ...await sample(sql`${users.id} desc`)]
      return rows.map((row) => row.password)
    }
  }
}

const escapedLike = (column: Parameters<typeof like>[0], pattern: string) => sql`lower(${column}) like ${pattern} escape '\\'`

const usernameTaken = () => validationError({ username: ['A user with that username already exists.'] })
