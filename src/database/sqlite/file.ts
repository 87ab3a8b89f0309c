import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, linkSync, openSync, rmSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import SQLite from 'better-sqlite3'

/** The path that a URL names: `file:` and a path, relative to the working directory or absolute. */
export const pathOf = (url: string): string => url.startsWith('file:///') ? fileURLToPath(url) : url.slice('file:'.length)

/** Tells a file from any other, whatever it is called. What is in memory alone is like no other. */
export function identityOfFile (path: string): string {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false })
  return file === undefined ? randomUUID() : `${file.dev}:${file.ino}`
}

/** The mode of a file that any user of the machine may read or write, as 0644; null for another, and where there are no modes. */
export function modeForOthers (path: string): string | null {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  if (process.platform === 'win32' || (mode & 0o006) === 0) return null
  return `0${(mode & 0o777).toString(8)}`
}

/**
 * Makes an SQLite file in WAL mode that only its owner may read, where there is none; says whether it did.
 * It appears whole under its name, so that of many starters one makes it and the others find it made.
 */
export function createSqliteFile (path: string): boolean {
  if (existsSync(path)) return false
  const draft = `${path}.${randomUUID()}`
  try {
    closeSync(openSync(draft, 'wx', 0o600))
    const client = new SQLite(draft)
    client.pragma('journal_mode = WAL')
    client.close()
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}
