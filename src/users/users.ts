import { refuseProblems } from '../errors.js'
import type { Guard } from '../database/database-interface.js'
import type { UserId } from '../database/user-id.js'
import type { DjangoUser as User } from '../identity/identity.js'
import type { Credentials } from '../passwords/credentials.js'
import { unusablePassword } from '../passwords/hashers/index.js'
import type { Caller, Guarding } from '../tokens/authority.js'
import { normalizeEmail, normalizeUsername, passwordProblems, storableProblems, usernameProblems } from './django-rules.js'
import { USERNAME_TAKEN, type UserQuery, type UserStore } from './user-store.js'

/** Is told of each new user, as a receiver of Django's `post_save`: for whom it returns true gets a DRF token. `false`: nobody does. */
export type OnUserCreated = ((user: User) => unknown) | false

/** A user to be made: active, without rights, unless the flags say otherwise. */
export interface NewUser {
  /** At most 150 letters, digits and `@.+-_`; stored in Unicode's form NFKC. */
  username: string
  /** Null: a password that nobody can log in with. */
  password: string | null
  email?: string
  firstName?: string
  lastName?: string
  isStaff?: boolean
  isSuperuser?: boolean
  isActive?: boolean
}

export type UserChanges = Partial<NewUser>

export interface UpdateOptions {
  /** Whether Django's password rules are applied. @default true */
  validate?: boolean
  /** Whether a new password ends the user's tokens of both kinds. Django keeps them. @default true */
  revokeTokens?: boolean
}

/** The users: `app.authtoken.users`. */
export type Users = ReturnType<typeof createUsers>

/** What can be done with users, with Django's rules. By default every new user gets a DRF token, by `createToken`. */
export function createUsers (
  store: UserStore, credentials: Credentials, { actAs }: Guarding, createToken: (user: User) => Promise<void>,
  onUserCreated: OnUserCreated = () => true
) {
  const { usernames, fields } = store

  return {
    /** The names of what can be written of a user: a custom user model may lack some. */
    fields,
    /** A username as it is stored. */
    normalizeUsername: (username: string): string => normalizeUsername(username, usernames),
    /** Says what is wrong with a new username, normalized; empty: nothing. */
    usernameProblems: (username: string): string[] => usernameProblems(username, usernames),
    /** Says what Django's rules have against a password for that user; empty: nothing. */
    passwordProblems: (password: string, user: Partial<User>): Promise<string[]> => problemsOf(password, user, true),
    /** The user of that exact name, or null. */
    findByUsername: (username: string): Promise<User | null> => store.findByUsername(username),
    findById: (id: UserId): Promise<User | null> => store.findById(id),
    /** One page of users, in order of their ids, and how many match in all. */
    list: (query: UserQuery) => store.list(query),
    /** All users that match, in order of their ids. @param search part of the username or e-mail address, in any case (ASCII) */
    listAll: (search?: string) => store.listAll(search),

    /** Makes a user; then `onUserCreated` decides whether it gets a token. @throws ValidationError with messages for each field */
    create: (user: NewUser, options?: Pick<UpdateOptions, 'validate'>): Promise<User> => create(user, options),
    /** Changes a user, all of it or nothing. @returns the user as it is then, or null: there is none any more. @throws as `create` */
    update: (user: User, changes: UserChanges, options?: UpdateOptions): Promise<User | null> => update(user, changes, options),

    /**
     * As `create`, on behalf of `request.auth`: nothing is done once that token is ended, disabled or of another scope, or its
     * user inactive or of other flags. Whether the caller may administer is for whoever calls to say.
     * @throws NotAuthenticated, InvalidToken, UserInactive, PermissionDenied, and as `create`
     */
    createAs: (caller: Caller | null, user: NewUser, options?: Pick<UpdateOptions, 'validate'>): Promise<User> =>
      actAs(caller, (guard) => create(user, options, guard)),
    /** As `update`, on behalf of a caller. @throws as `createAs` */
    updateAs: (caller: Caller | null, user: User, changes: UserChanges, options?: UpdateOptions): Promise<User | null> =>
      actAs(caller, (guard) => update(user, changes, options, guard)),
    /** As `delete`, on behalf of a caller. @throws as `createAs`, and as `delete` */
    deleteAs: (caller: Caller | null, user: User): Promise<void> => actAs(caller, (guard) => store.delete(user.id, guard)),

    /** Sets a password; null: one that nobody can log in with. As `update`. */
    setPassword: (user: User, password: string | null, options?: UpdateOptions): Promise<User | null> =>
      update(user, { password }, options),

    /** Lets a user in or keeps it out: an inactive user's tokens and password are refused, and kept. */
    setActive: (user: User, isActive: boolean): Promise<User | null> => store.update(user.id, { isActive }),
    /** Deletes a user and its tokens. @throws Conflict where other tables of the database refer to it */
    delete: (user: User): Promise<void> => store.delete(user.id)
  }

  async function create (user: NewUser, { validate = true }: Pick<UpdateOptions, 'validate'> = {}, guard?: Guard): Promise<User> {
    const { password, ...fields } = normalize(user)
    const taken = await store.findByUsername(fields.username) === null ? [] : [USERNAME_TAKEN]
    refuseProblems({
      username: [...usernameProblems(fields.username, usernames), ...taken],
      password: await problemsOf(password, fields, validate)
    })
    const created = await store.insert({ ...fields, password: await encode(password) }, guard)
    if (onUserCreated !== false && await onUserCreated(created)) await createToken(created)
    return created
  }

  async function update (
    user: User, changes: UserChanges, { validate = true, revokeTokens = true }: UpdateOptions = {}, guard?: Guard
  ): Promise<User | null> {
    const { password, ...fields } = normalize(changes)
    refuseProblems({
      username: fields.username === undefined || fields.username === user.username ? [] : usernameProblems(fields.username, usernames),
      password: await problemsOf(password, { ...user, ...fields }, validate)
    })
    if (Object.keys(changes).length === 0) return user
    if (password === undefined) return await store.update(user.id, fields, {}, guard)
    return await store.update(user.id, { ...fields, password: await encode(password) }, { revokeTokens }, guard)
  }

  async function encode (password: string | null): Promise<string> {
    return password === null ? unusablePassword() : await credentials.encode(password)
  }

  function normalize<T extends UserChanges> (fields: T): T {
    const copy = { ...fields }
    if (copy.username !== undefined) copy.username = normalizeUsername(copy.username, usernames)
    if (copy.email !== undefined) copy.email = normalizeEmail(copy.email)
    return copy
  }
}

async function problemsOf (password: string | null | undefined, personal: Partial<User>, validate: boolean): Promise<string[]> {
  if (password === null || password === undefined) return []
  const problems = storableProblems(password)
  return problems.length > 0 || !validate ? problems : await passwordProblems(password, personal)
}
