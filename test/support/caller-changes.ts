import { eq } from 'drizzle-orm'
import type { DjangoUser, IssuedToken } from '../../src/identity/identity.js'
import type { Authtoken } from '../../src/open-authtoken.js'
import { sealTokens } from '../../src/tokens/sealing.js'

export interface Subject { user: DjangoUser, token: IssuedToken }

interface CallerChange {
  /** What the next request of the caller hears. */
  status: 401 | 403
  /** Of which kinds of token it can be said. */
  kinds: ReadonlyArray<'drf' | 'access'>
  make (authtoken: Authtoken, subject: Subject): Promise<unknown>
}

const BOTH = ['drf', 'access'] as const
const PAST = new Date(1_000_000_000_000)

/** What can become of a caller while its request is on its way. */
export const CALLER_CHANGES: Record<string, CallerChange> = {
  revoked: { status: 401, kinds: BOTH, make: ({ tokens }, { user, token }) => tokens.revoke(user, token.id) },
  // A DRF token is enabled, of full power and without end, always.
  disabled: { status: 401, kinds: ['access'], make: ({ tokens }, { user, token }) => tokens.update(user, token.id, { disabled: true }) },
  narrowed: { status: 403, kinds: ['access'], make: ({ tokens }, { user, token }) => tokens.update(user, token.id, { scope: 'admin tokens' }) },
  expired: {
    status: 401,
    kinds: ['access'],
    make: ({ database: { run, db, tables: { authtokenAccesstoken: access } } }, { token }) =>
      run(() => db.update(access).set({ expires: PAST }).where(eq(access.id, token.id)))
  },
  'of a user who was deactivated': { status: 401, kinds: BOTH, make: ({ users }, { user }) => users.setActive(user, false) },
  'of a user who was demoted': { status: 403, kinds: BOTH, make: ({ users }, { user }) => users.update(user, { isSuperuser: false }) },
  'of a user who was deleted': { status: 401, kinds: BOTH, make: ({ users }, { user }) => users.delete(user) },
  'of a user with another password': { status: 401, kinds: BOTH, make: ({ users }, { user }) => users.setPassword(user, null) },
  // An access token is a digest already.
  sealed: { status: 403, kinds: ['drf'], make: ({ database }) => sealTokens(database) }
}

/** All rows that a write could change, without the times of uses. */
export async function rowsOf ({ database: { run, db, users, tables } }: Authtoken) {
  const { authtokenAccesstoken: access, authtokenToken: drf } = tables
  const { id, userId, name, scope, expires, disabled, replacedBy } = access
  return {
    users: await run(() => db.select().from(users.table).orderBy(users.id)),
    drf: await run(() => db.select().from(drf).orderBy(drf.key)),
    access: await run(() => db.select({ id, userId, name, scope, expires, disabled, replacedBy }).from(access).orderBy(id))
  }
}

/** DRF tokens can be made again: those that were sealed stay so. */
export const unseal = ({ database: { run, db, tables } }: Authtoken) => run(() => db.delete(tables.authtokenState))
