import { and, eq } from 'drizzle-orm'
import type { UserModel } from '../database/user-model.js'
import { NotFound } from '../errors.js'
import type { Owner } from '../identity/identity.js'

/** The user for whom a token is made. @param password encoded, with which it was asked for: nothing is made once that is another */
export const isOwner = (users: UserModel, owner: Owner, password?: string) =>
  and(eq(users.id, owner.id), password === undefined || users.password === null ? undefined : eq(users.password, password))

export const ownerNotFound = () => new NotFound('The user, or the password, is not there any more.')
