import { pbkdf2Sync } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { openAuthtoken } from '../../../src/open-authtoken.js'
import { createTokenFormat, digestOf, generateId } from '../../../src/tokens/format.js'
import type { Ledger } from './ledger.js'

/** Who and what is there before the first fault. */
export interface Population {
  /** An administrator's token. */
  admin: string
  /** Users who log in, with their passwords. */
  logins: Array<{ username: string, password: string, key: string }>
  /** Tokens that no node has seen: each is good for one uncached check. */
  spares: string[]
}

const USERS = 60
const TOKENS_EACH = 3
const LOGINS = 4
const SPARES = 4_000

/** A hash in Django's form that takes next to no time: what is measured is no hashing. */
const cheap = (password: string): string =>
  `pbkdf2_sha256$1000$salt$${pbkdf2Sync(password, 'salt', 1_000, 32, 'sha256').toString('base64')}`

/** Makes the tables, and users with tokens of both kinds. */
export async function populate (url: string, ledger: Ledger): Promise<Population> {
  const { database, users, tokens, close } = await openAuthtoken({ database: url, migrate: true, tokens: { limit: 0 } })
  try {
    const create = (username: string, password: string | null = null, isSuperuser = false) =>
      users.create({ username, password, isSuperuser }, { validate: false })
    const { db, tables, users: { table } } = database
    const root = await create('root', null, true)
    for (let i = 0; i < USERS; i++) {
      const user = await create(`user${i}`)
      const drf = await tokens.getOrCreate(user)
      ledger.add({ kind: 'drf', id: drf.id, key: drf.key, username: user.username })
      for (let j = 0; j < TOKENS_EACH; j++) {
        const { id, key } = await tokens.create(user)
        ledger.add({ kind: 'access', id, key, username: user.username })
      }
    }
    const logins = []
    for (let i = 0; i < LOGINS; i++) {
      const login = { username: `login${i}`, password: `login-pass-quartz-${i}` }
      const user = await create(login.username)
      await database.run(() => db.update(table).set({ password: cheap(login.password) }).where(eq(table.id, user.id)))
      logins.push({ ...login, key: (await tokens.getOrCreate(user)).key })
    }
    const format = createTokenFormat()
    const spares = Array.from({ length: SPARES }, () => format.generate())
    for (let i = 0; i < SPARES; i += 1_000) {
      await database.run(() => db.insert(tables.authtokenAccesstoken).values(spares.slice(i, i + 1_000).map((key, j) => ({
        id: generateId(), userId: root.id, kind: 'access' as const, name: `spare-${i + j}`, digest: digestOf(key), hint: null, scope: '', created: new Date(), expires: null, lifetime: null, latest: null, lastUsed: null, disabled: false, replacedBy: null
      }))))
    }
    return { admin: (await tokens.create(root)).key, logins, spares }
  } finally {
    await close()
  }
}
