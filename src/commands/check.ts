import { openDatabase } from '../database/open.js'
import { loadSettings } from '../settings.js'
import { CommandError, print, printJson, type Terminal } from './terminal.js'

/** Says what keeps the service from starting, and what could be better. Changes nothing. */
export async function check (terminal: Terminal, { json }: { json?: boolean }): Promise<void> {
  const settings = loadSettings(terminal.env)
  const database = await openDatabase(settings.DATABASE_URL, { busyTimeoutMs: settings.BUSY_TIMEOUT_MS, create: false })
  try {
    const { unusable, unready, advice } = database.inspect()
    const problems = [...unusable, ...unready]
    if (json) printJson(terminal, { database: settings.DATABASE_URL, django: database.django, problems, advice })
    else for (const text of advice) print(terminal, `advice: ${settings.DATABASE_URL} ${text}`)
    if (problems.length > 0) throw new CommandError(`${settings.DATABASE_URL} ${problems.join('; ')}`)
    if (!json) print(terminal, `${settings.DATABASE_URL} is in order${database.django ? ', and Django\'s' : ''}.`)
  } finally {
    database.close()
  }
}
