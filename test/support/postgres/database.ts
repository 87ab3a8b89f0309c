import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Test } from 'tap'
import { postgresUrl } from './server.js'

const made = new Map<Test, string[]>()

/** A new database's URL. The database goes with the test file, when all that is connected to it has been closed. */
export async function createDatabase (t: Test): Promise<string> {
  const server = await postgresUrl()
  const name = `test_${randomBytes(8).toString('hex')}`
  // Copying files takes half the time that writing pages to the log does.
  await statements(server, [`create database ${name} template template0 strategy file_copy`])
  const file = root(t)
  const names = made.get(file) ?? []
  if (names.push(name) === 1) file.teardown(() => statements(server, names.map((name) => `drop database ${name} with (force)`)))
  made.set(file, names)
  return Object.assign(new URL(server), { pathname: `/${name}` }).href
}

const root = (t: Test): Test => t.parent === undefined ? t : root(t.parent as Test)

async function statements (url: string, all: string[]): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    for (const sql of all) await client.query(sql)
  } finally {
    await client.end()
  }
}
