import { openDatabase } from '../database/open-database.js'
import { databaseOptions } from '../service/open-options.js'
import { loadSettings } from '../service/settings.js'
import { print, type Terminal } from './terminal.js'

/** Makes the tables, or brings them up to date. A database that Django made is adopted as it is. */
export async function migrate (terminal: Terminal): Promise<void> {
  const settings = loadSettings(terminal.env)
  const database = await openDatabase(settings.DATABASE_URL, databaseOptions(settings))
  try {
    await database.migrate()
    print(terminal, `${database.name} is up to date.`)
  } finally {
    await database.close()
  }
}
