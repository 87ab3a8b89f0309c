import { COMPILERS } from '../../support/compile-typescript.js'
import type { Report } from '../../support/check-report.js'
import type { Project } from './project.js'

const ASSERTIONS = `
import Fastify, { type FastifyRequest } from 'fastify'
import authtoken, { type Auth, type Authenticator, type Token, type User } from 'fastify-authtoken'
import { actingAs } from 'fastify-authtoken/testing'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
type IsAny<T> = 0 extends (1 & T) ? true : false

export const user: Same<FastifyRequest['user'], User | null> = true
export const auth: Same<FastifyRequest['auth'], Auth | null> = true
export const username: Same<User['username'], string> = true
export const flag: Same<User['isActive'], boolean> = true
export const typed: IsAny<typeof authtoken> = false
export const typedUser: IsAny<User> = false
export const hash: 'password' extends keyof User ? true : false = false
export const key: 'key' extends keyof Token ? true : false = false

export async function host (authenticator: Authenticator) {
  const app = Fastify()
  await app.register(authtoken, { database: 'file:./app.db', keywords: ['Token', 'Bearer'] })
  app.get('/', { config: { authtoken: { permission: 'isAdminUser' } } }, (request) => {
    // @ts-expect-error the caller may be anonymous
    request.user.username.trim()
    return request.user?.username.trim()
  })
  app.get('/orders', { config: { authtoken: { scope: 'orders:read' } }, onRequest: app.auth([app.requireScope('orders:read')]) }, ({ auth }) => auth?.hasScope('orders:write'))
  await app.inject({ url: '/orders', headers: actingAs(app, { username: 'ann' }, { scope: 'orders:read' }) })
  app.get('/open', { config: { authtoken: false } }, () => '')
  // @ts-expect-error no such permission
  app.get('/wrong', { config: { authtoken: { permission: 'everybody' } } }, () => '')
  // @ts-expect-error a database or an authenticator, not both
  await app.register(authtoken, { database: 'file:./app.db', authenticator })
  // @ts-expect-error no such option
  await app.register(authtoken, { database: 'file:./app.db', keyword: 'Token' })
  const users: Same<ReturnType<typeof app.authtoken.users.findByUsername>, Promise<User | null>> = true
  const made = await app.authtoken.tokens.create({ id: 1 }, { name: 'ci', scope: 'orders:read', expiresIn: 3600 })
  const issued: Same<typeof made.key, string> = true
  return [users, issued]
}
`

/** The same of a host with users of its own, whose program is another: it says once who its user is. */
const HOST_ASSERTIONS = `
import { sql } from 'drizzle-orm'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { bigint, pgSchema, pgTable, text as pgText, timestamp } from 'drizzle-orm/pg-core'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import Fastify, { type FastifyRequest } from 'fastify'
import authtoken, { createAuthtoken } from 'fastify-authtoken'
import { authtokenTables as postgresTables, authtokenTriggers } from 'fastify-authtoken/postgres'
import { authtokenTables } from 'fastify-authtoken/sqlite'
import { actingAs } from 'fastify-authtoken/testing'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

const people = sqliteTable('people', { id: text().primaryKey(), email: text().notNull().unique(), passwordHash: text().notNull() })
const staff = pgTable('staff', { staffId: bigint({ mode: 'bigint' }).primaryKey(), login: pgText().notNull().unique(), secret: pgText('secret').notNull(), leftAt: timestamp() })
export const tables = authtokenTables(people)
export const schema = { people, ...tables }
export const staffTables = postgresTables(staff, { id: staff.staffId, table: pgSchema('office').table })
export const triggers: string = authtokenTriggers(staff, { id: staff.staffId, tables: staffTables })

export const textId: Same<typeof tables.authtokenToken.$inferSelect.userId, string> = true
export const bigId: Same<typeof staffTables.authtokenAccesstoken.$inferSelect.userId, bigint> = true

interface Person { id: string, email: string }
declare module 'fastify-authtoken' { interface FastifyAuthtoken { user: Omit<typeof people.$inferSelect, 'passwordHash'> } }

export async function host (db: BetterSQLite3Database, office: NodePgDatabase) {
  const app = Fastify()
  await app.register(authtoken, { database: db, tables: schema, users: { table: people }, exchange: { allow: (user) => user.email !== '' } })
  app.get('/', (request) => {
    const person: Person | null = request.user
    // @ts-expect-error the caller may be anonymous
    request.user.email.trim()
    // @ts-expect-error the password is no part of it
    return [person, request.user?.passwordHash]
  })
  // @ts-expect-error users are the host's
  app.authtoken.users.create({ username: 'ann' })
  const { key } = await app.authtoken.tokens.create({ id: 'ann' }, { name: 'ci' })
  const encoded: string = await app.authtoken.passwords.hash(key)
  actingAs(app, { email: encoded })
  // @ts-expect-error tables come with users
  await app.register(authtoken, { database: db, tables })
  // @ts-expect-error no such part
  await app.register(authtoken, { database: db, tables, users: { table: people, admin: people.email } })

  const chosen = createAuthtoken({ database: db, tables, users: { table: people, select: { mail: people.email } } })
  const rota = createAuthtoken({ database: office, tables: staffTables, users: { table: staff, username: staff.login, password: staff.secret, isActive: sql<boolean>\`\${staff.leftAt} is null\` } })
  await app.register(rota.plugin)
  const handle: Same<ReturnType<typeof chosen.user>, { mail: string } | null> = true
  const clerk = (request: FastifyRequest) => {
    const found = rota.user(request)
    const id: bigint | undefined = found?.staffId
    const left: Date | null | undefined = found?.leftAt
    // @ts-expect-error the password is no part of it
    return [id, left, found?.secret]
  }
  return [handle, clerk]
}
`

/** What each TypeScript that hosts have knows of the package, in a project that is strict. */
export async function checkTypes (report: Report, project: Project): Promise<void> {
  project.write('assertions.ts', ASSERTIONS)
  project.write('host/assertions.ts', HOST_ASSERTIONS)
  for (const [version, compiler] of Object.entries(COMPILERS)) await report.section(`TypeScript ${version}`, () => checkTypesWith(report, project, compiler))
}

async function checkTypesWith (report: Report, project: Project, compiler: string): Promise<void> {
  const compiled = await project.compile(compiler, true)
  report.check('the snippet and the assertions compile under strict: request.user is User | null', compiled.code === 0, compiled.output)
  const host = await project.compile(compiler, true, 'host/*.ts')
  report.check("so do those of a host with users of its own: request.user is the host's row | null", host.code === 0, host.output)

  const { code, output } = await project.compile(compiler, false)
  const wrong = output.split('\n').filter((line) => /^\S.*error TS/.test(line))
  const places = wrong.map((line) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(line)?.[1] ?? 'the project')
  const ours = wrong.filter((_line, i) => places[i] === 'fastify-authtoken' || places[i] === 'the project')
  report.equal('no declaration of ours is wrong, with skipLibCheck false', ours, [])
  if (code !== 0) report.note(`skipLibCheck false passes no further: errors in ${count(places)}`)
}

function count (names: string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, times]) => `${name} (${times})`).join(', ')
}
