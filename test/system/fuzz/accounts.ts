/** Somebody who can log in, or not. */
export interface Account {
  username: string
  password: string | null
  token: string | null
}

/** The users of the fixtures, by their ids there, and the tokens that stand for them. */
export interface Accounts {
  byId: Map<string, Account>
  /** Of a superuser, or null. */
  administrator: Account
  staff: Account
}

/** Stands in the password of every guest. */
export const GUEST_MARK = 'guest-pass-'

/** Users who come and go in the run: requests make, change and delete them. */
export const GUESTS = Array.from({ length: 12 }, (_, i) => ({ username: `guest-${i}`, password: `${GUEST_MARK}${i}-quartz` }))
