import t from 'tap'
import { compile, COMPILERS } from '../../support/compile-typescript.js'

const PROGRAM = `
import Fastify, { type FastifyRequest } from 'fastify'
import authtoken, { type Account, createAuthtoken, type Identity, type User } from 'fastify-authtoken'
import { authtokenTables } from 'fastify-authtoken/sqlite'
import { actingAs } from 'fastify-authtoken/testing'
import SQLite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

const people = sqliteTable('people', { id: text().primaryKey(), email: text().notNull().unique(), passwordHash: text(), age: integer() })
const tables = authtokenTables(people)
type Person = Omit<typeof people.$inferSelect, 'passwordHash'>

declare module 'fastify-authtoken' {
  interface FastifyAuthtoken { user: Person }
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
export const assertions: true[] = [
  true satisfies Same<FastifyRequest['user'], Person | null>,
  true satisfies Same<User, Person>,
  true satisfies Same<Identity['user'], Person>,
  true satisfies Same<Account['user'], Person>,
  true satisfies Same<typeof tables.authtokenToken.$inferSelect['userId'], string>
]

export async function start () {
  const app = Fastify()
  const db = drizzle(new SQLite('./app.db'), { schema: { people, ...tables } })
  await app.register(authtoken, {
    database: db,
    tables,
    users: { table: people },
    verifyCredentials: async (_email, password, request) => {
      const [row] = await db.select().from(people)
      return await request.server.authtoken.passwords.verify(row?.passwordHash ?? null, password) && row !== undefined ? row : null
    },
    exchange: { allow: (user) => (user.age ?? 0) > 17, reply: (user, token) => ({ token: token.key, email: user.email }) }
  })
  app.get('/', async (request) => {
    // @ts-expect-error the caller may be anonymous
    request.user.email.trim()
    // @ts-expect-error a user of Django's has one
    const name = request.user?.username
    // @ts-expect-error never the password
    const hash = request.user?.passwordHash
    return [request.user?.email.trim(), name, hash]
  })
  await app.authtoken.tokens.create({ id: 'ann' }, { name: 'ci' })
  // @ts-expect-error the users are the host's
  app.authtoken.users.findByUsername('ann')
  actingAs(app, { email: 'ann@example.org' })
  // @ts-expect-error a user of Django's has one
  actingAs(app, { username: 'ann' })
  // @ts-expect-error tables need users
  await app.register(authtoken, { database: db, tables })
  const staff = createAuthtoken({ database: db, tables, users: { table: people, select: { who: people.email } } })
  const who: Same<ReturnType<typeof staff.user>, { who: string } | null> = true
  return [who, await app.register(staff.plugin)]
}
`

for (const [version, compiler] of Object.entries(COMPILERS)) {
  t.test(`a host that says who its users are has its own row in request.user, and no users of Django's: TypeScript ${version}`, async (t) => {
    t.equal(await compile(t, { program: PROGRAM }, compiler), '')
  })
}
