import { refuseProblems } from '../errors.js'
import type { UserId } from '../database/token-table-options.js'
import type { DjangoUser as User } from '../identity/identity.js'
import type { Credentials } from '../passwords/credentials.js'
import { unusablePassword } from '../passwords/hashers/index.js'
import { normalizeEmail, normalizeUsername, passwordProblems, storableProblems, usernameProblems } from './django-rules.js'
import type { UserQuery, UserStore } from './user-store.js'

/**
 * What happens when a user was made, as a receiver of Django's `post_save`: where the function returns true, the user
 * gets a DRF token; `false` instead of a function: nobody gets one until it is asked for. Where access tokens are issued
 * nobody gets one either way: there would be nowhere to show it.
 */
export type OnUserCreated = ((user: User) => unknown) | false

/** A user to be made. */
export interface NewUser {
  /** At most 150 letters, digits and `@.+-_`; stored in Unicode's form NFKC. */
  username: string
  /** Null: a password that nobody can log in with. */
  password: string | null
  email?: string
  firstName?: string
  lastName?: string
  /** @default false */
  isStaff?: boolean
  /** @default false */
  isSuperuser?: boolean
  /** @default true */
  isActive?: boolean
}

/** What of a user can be changed. */
export type UserChanges = Partial<NewUser>

/** Whether Django's password rules are applied. */
export interface PasswordCheck {
  /** @default true */
  validate?: boolean
}

/** How a user is changed. */
export interface UpdateOptions extends PasswordCheck {
  /** Whether a new password ends the user's tokens of both kinds. Django keeps them. @default true */
  revokeTokens?: boolean
}

/** The users: `app.authtoken.users`. */
export type Accounts = ReturnType<typeof createAccounts>

/**
 * What can be done with users, with Django's rules.
 * @param createToken gives a new user the token that is its
 * @param onUserCreated default: every new user gets a DRF token
 */
export function createAccounts (store: UserStore, credentials: Credentials, createToken: (user: User) => Promise<void>, onUserCreated: OnUserCreated = () => true) {
  const { usernames, fields } = store
  const encode = async (password: string | null) => password === null ? unusablePassword() : await credentials.encode(password)

  return {
    /** What can be written of a user: a custom user model may lack some of it. */
    fields,

    /** A username as it is stored. */
    normalizeUsername: (username: string): string => normalizeUsername(username, usernames),

    /** Says what is wrong with a new username, normalized; empty: nothing. */
    usernameProblems: (username: string): string[] => usernameProblems(username, usernames),

    /** The user of that exact name, or null. */
    findByUsername: (username: string): Promise<User | null> => store.findByUsername(username),

    /** The user of that id, or null. */
    findById: (id: UserId): Promise<User | null> => store.findById(id),

    /** One page of users, in order of their ids, and how many match in all. */
    list: (query: UserQuery) => store.list(query),

    /** All users that match, in order of their ids, a batch at a time. @param search part of the username or e-mail address, in any case (ASCII) */
    listAll: (search?: string) => store.listAll(search),

    /**
     * Makes a user; then `onUserCreated` decides whether it gets a token.
     * @throws ValidationError with a message a field: a username that is taken or malformed, a password that is too weak
     */
    async create (user: NewUser, { validate = true }: PasswordCheck = {}): Promise<User> {
      const { password, ...fields } = normalize(user, usernames)
      const taken = await store.findByUsername(fields.username) === null ? [] : ['A user with that username already exists.']
      refuseProblems({
        username: [...usernameProblems(fields.username, usernames), ...taken],
        password: password === null ? [] : await problemsOf(password, fields, validate)
      })
      const created = await store.insert({ ...fields, password: await encode(password) })
      if (onUserCreated !== false && await onUserCreated(created)) await createToken(created)
      return created
    },

    /**
     * Changes a user, all of it or nothing. With a new password the user's tokens end, unless they are to stay.
     * @returns the user as it is then, or null where there is none any more
     * @throws ValidationError with a message a field: a username that is taken or malformed, a password that is too weak
     */
    async update (user: User, changes: UserChanges, { validate = true, revokeTokens = true }: UpdateOptions = {}): Promise<User | null> {
      const { password, ...fields } = normalize(changes, usernames)
      refuseProblems({
        username: fields.username === undefined || fields.username === user.username ? [] : usernameProblems(fields.username, usernames),
        password: password === undefined || password === null ? [] : await problemsOf(password, { ...user, ...fields }, validate)
      })
      const encoded = password === undefined ? {} : { password: await encode(password) }
      return Object.keys(changes).length === 0 ? user : await store.update(user.id, { ...fields, ...encoded }, { revokeTokens: revokeTokens && password !== undefined })
    },

    /** Sets a password; null: one that nobody can log in with. As `update`. */
    setPassword (user: User, password: string | null, options?: UpdateOptions): Promise<User | null> {
      return this.update(user, { password }, options)
    },

    /** Says what Django's rules have against a password for that user; empty: nothing. */
    passwordProblems: (password: string, user: Partial<User>): Promise<string[]> => problemsOf(password, user, true),

    /** Lets a user in or keeps it out: an inactive user's tokens and password are refused, and kept. */
    setActive: (user: User, isActive: boolean): Promise<User | null> => store.update(user.id, { isActive }),

    /** Deletes a user and its tokens. @throws Conflict where other tables of the database refer to it */
    delete: (user: User): Promise<void> => store.delete(user.id)
  }
}

async function problemsOf (password: string, personal: Partial<User>, validate: boolean): Promise<string[]> {
  const problems = storableProblems(password)
  return problems.length > 0 || !validate ? problems : await passwordProblems(password, personal)
}

function normalize<T extends UserChanges> (fields: T, usernames: UserStore['usernames']): T {
  const copy = { ...fields }
  if (copy.username !== undefined) copy.username = normalizeUsername(copy.username, usernames)
  if (copy.email !== undefined) copy.email = normalizeEmail(copy.email)
  return copy
}
