import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Test } from 'tap'
import { openAuthtoken } from '../../src/index.js'
import type { Authtoken, AuthtokenOptions } from '../../src/open-authtoken.js'
import { createDatabase } from './postgres/database.js'

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
