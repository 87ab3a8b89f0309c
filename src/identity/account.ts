import type { UserId } from '../database/user-id.js'
import type { UserModel } from '../database/user-model.js'
import type { Account, DjangoUser, Identity, User } from './identity.js'

/** What of a query's row is about the user. */
export interface AccountRow extends Record<'isActive' | 'isStaff' | 'isSuperuser', unknown> {
  userId: UserId
  user: Record<string, unknown>
}

/** The columns of a query that `accountOf` reads. */
export const accountColumns = ({ id, select, isActive, isStaff, isSuperuser }: UserModel) =>
  ({ userId: id, user: select, isActive, isStaff, isSuperuser })

/** The user of a row. What is not known to be so is not so. */
export const accountOf = ({ userId, user, isActive, isStaff, isSuperuser }: AccountRow): Account =>
  ({ userId, user: user as User, isActive: isActive === true, isStaff: isStaff === true, isSuperuser: isSuperuser === true })

/** Whether an identity's user is active. Who is not said to be is not. */
export const isActive = (identity: Omit<Identity, 'token'>): boolean =>
  identity.isActive ?? (identity.user as Partial<DjangoUser>).isActive === true

/** What is known of an identity's user, from the row where nothing else says so. */
export function factsOf (identity: Omit<Identity, 'token'>): Account {
  const { user, userId, isStaff, isSuperuser } = identity
  const row = user as Partial<DjangoUser>
  return {
    user,
    userId: userId ?? row.id ?? '',
    isActive: isActive(identity),
    isStaff: isStaff ?? row.isStaff === true,
    isSuperuser: isSuperuser ?? row.isSuperuser === true
  }
}
