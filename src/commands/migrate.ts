import { openDatabase } from '../database/open.js'
import { loadSettings } from '../settings.js'
import { print, type Terminal } from './terminal.js'

/** Makes the tables, or brings them up to date. A database that Django made is adopted as it is. */
export async function migrate (terminal: Terminal): Promise<void> {
  const settings = loadSettings(terminal.env)
  const database = await openDatabase(settings.DATABASE_URL, { busyTimeoutMs: settings.BUSY_TIMEOUT_MS })
  try {
    await database.migrate()
    print(terminal, `${settings.DATABASE_URL} is up to date.`)
  } finally {
    database.close()
  }
}
