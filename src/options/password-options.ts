import type { Static } from '@sinclair/typebox'
import { flag, oneOf, wholeNumber } from './kinds.js'
import { group } from './option-groups.js'

/** How passwords are hashed. */
export const passwordOptions = group({
  /**
   * Algorithm of new passwords; hashes of Laravel, Devise, AdonisJS, passlib and node's packages are read too.
   * @default `'argon2'`; `'pbkdf2_sha256'` on a database of Django's
   */
  hasher: oneOf(['argon2', 'scrypt', 'bcrypt_sha256', 'pbkdf2_sha256'], {
    usual: "`'argon2'`; `'pbkdf2_sha256'` on a database of Django's",
    description: "algorithm of new passwords; hashes of Laravel, Devise, AdonisJS, passlib and node's packages are read too"
  }),
  /** Whether a good login replaces a weaker hash. @default `true`; `false` on a database of Django's, and for your own users */
  rehash: flag({
    usual: "`true`; `false` on a database of Django's, and for your own users",
    description: 'whether a good login replaces a weaker hash'
  }),
  /** Threads that hash, of a lower priority than the rest of the process. @default the number of cores less one, from 1 to 4 */
  concurrency: wholeNumber(1, 64, {
    usual: 'the number of cores less one, from 1 to 4',
    description: 'threads that hash, of a lower priority than the rest of the process'
  }),
  /** Logins that may wait for a hash; past that they get 503 with `Retry-After`. @default 200 */
  size: wholeNumber(1, 100_000, {
    default: 200,
    description: 'logins that may wait for a hash; past that they get 503 with `Retry-After`'
  })
})

/** How passwords are hashed. */
export type PasswordOptions = Static<typeof passwordOptions>
