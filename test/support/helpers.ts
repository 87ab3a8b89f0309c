import { randomUUID } from 'node:crypto'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import authtoken, { type FastifyAuthtokenOptions, openAuthtoken } from '../../src/index.js'
import type { Authtoken, AuthtokenOptions } from '../../src/open-authtoken.js'
import type { UserChanges } from '../../src/users/users.js'
import { openOptions } from '../../src/service/open-options.js'
import { buildServer } from '../../src/service/server.js'
import { loadSettings } from '../../src/service/settings.js'
import { createDatabase } from './postgres/database.js'
import { sql } from './sql.js'

const FIXTURES = join(import.meta.dirname, '../fixtures')

/** A host application with the plugin, closed behind the test. */
export async function buildHost (t: Test, options: Partial<FastifyAuthtokenOptions> = {}, server: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify(server)
  t.teardown(() => app.close())
  await app.register(authtoken, { database: await databaseUrl(t), migrate: true, ...options } as FastifyAuthtokenOptions)
  return app
}

const folders = new WeakMap<Test, string>()

/** A folder that goes with the test; the same one each time. */
export function folderOf (t: Test): string {
  const folder = folders.get(t) ?? t.testdir()
  folders.set(t, folder)
  return folder
}

/** A new database's URL: a file in a folder that goes with the test, or with TEST_DIALECT=postgres a database that does. */
export const databaseUrl = async (t: Test): Promise<string> =>
  process.env.TEST_DIALECT === 'postgres' ? createDatabase(t) : fileUrl(t)

/** A new file's URL, whatever the dialect. */
export const fileUrl = (t: Test): string => `file:${join(folderOf(t), `${randomUUID()}.db`)}`

/** An open database with users and tokens, closed behind the test. */
export async function open (t: Test, options: Partial<AuthtokenOptions> = {}): Promise<Authtoken> {
  const authtoken = await openAuthtoken({ database: await databaseUrl(t), migrate: true, ...options })
  t.teardown(() => authtoken.close())
  return authtoken
}

/** The service on a database of its own, with its log. */
export async function buildService (t: Test, env: NodeJS.ProcessEnv = {}) {
  const log: string[] = []
  const settings = loadSettings({ DATABASE_URL: await databaseUrl(t), MIGRATE: 'true', LOG_LEVEL: 'debug', ...env })
  const authtoken = await openAuthtoken(openOptions(settings))
  const server = await buildServer(settings, authtoken, { stream: { write: (line) => { log.push(line) } } })
  t.teardown(() => server.close())
  return { server, authtoken, log, settings }
}

/** A user with a token, and the header that authenticates it; without a password, which takes time to hash. */
export async function makeUser ({ users, tokens }: Pick<Authtoken, 'users' | 'tokens'>, username: string, flags: Omit<UserChanges, 'username'> = {}) {
  const user = await users.create({ username, password: null, ...flags }, { validate: false })
  const token = await tokens.getOrCreate(user)
  return { user, token, authorization: `Token ${token.key}` }
}

/** As `makeUser`, with the password `<username>-pass-1`. */
export const makeLogin = (authtoken: Pick<Authtoken, 'users' | 'tokens'>, username: string, flags: Omit<UserChanges, 'username'> = {}) =>
  makeUser(authtoken, username, { password: `${username}-pass-1`, ...flags })

/** A copy of a fixture in a folder that goes with the test. */
export function copyFixture (t: Test, name: string): string {
  const path = join(folderOf(t), 'copy.sqlite3')
  copyFileSync(join(FIXTURES, name), path)
  return path
}

/** A new PostgreSQL database with what the real Django made there: the users of the recorded requests. */
export async function djangoOnPostgres (t: Test): Promise<string> {
  const url = await createDatabase(t)
  await sql(url, readFileSync(fixture('django/postgres.sql'), 'utf8'))
  return url
}

/** A database with the users of the recorded requests, as Django made it. */
export const recordedDatabase = async (t: Test): Promise<string> =>
  process.env.TEST_DIALECT === 'postgres' ? await djangoOnPostgres(t) : `file:${copyFixture(t, 'conformance/django.sqlite3')}`

/** A new PostgreSQL database with what the real Django made there, with the users in people_person. */
export async function customUsersOnPostgres (t: Test): Promise<string> {
  const url = await createDatabase(t)
  await sql(url, readFileSync(fixture('django/custom-user.postgres.sql'), 'utf8'))
  return url
}

/** A database of a Django whose users are in a table of their own, as Django made it. @returns the settings that it takes */
export async function customUserDatabase (t: Test) {
  const url = process.env.TEST_DIALECT === 'postgres' ? await customUsersOnPostgres(t) : `file:${copyFixture(t, 'django/custom-user.sqlite3')}`
  return { DATABASE_URL: url, USER_TABLE: 'people_person', USERNAME_COLUMN: 'email' }
}

/** Where a fixture is. */
export const fixture = (name: string): string => join(FIXTURES, name)

/**
 * A program whose coverage is not collected, and into which no test runner puts itself: what is compiled otherwise than
 * the tests would have it counted against other lines.
 */
export const outside = (program: string, ...args: string[]): [string, string[]] => ['env', ['-u', 'NODE_OPTIONS', '-u', 'NODE_V8_COVERAGE', program, ...args]]
