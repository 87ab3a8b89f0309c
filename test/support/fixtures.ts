import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { folderOf } from './databases.js'
import { createDatabase } from './postgres/database.js'
import { sql } from './sql.js'

const FIXTURES = join(import.meta.dirname, '../fixtures')

/** Where a fixture is. */
export const fixture = (name: string): string => join(FIXTURES, name)

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
  const url = process.env.TEST_DIALECT === 'postgres'
    ? await customUsersOnPostgres(t)
    : `file:${copyFixture(t, 'django/custom-user.sqlite3')}`
  return { DATABASE_URL: url, USER_TABLE: 'people_person', USERNAME_COLUMN: 'email' }
}
