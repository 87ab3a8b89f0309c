import { openDatabase } from '../database/open-database.js'
import { databaseOptions } from '../service/open-options.js'
import { loadSettings } from '../service/settings.js'
import { nameVariables } from '../service/variable-names.js'
import { CommandError, print, type Terminal } from './terminal.js'

/** Says what keeps the service from starting, and what could be better. Changes nothing. */
export async function check (terminal: Terminal, { json }: { json?: boolean }): Promise<void> {
  const settings = loadSettings(terminal.env)
  const database = await openDatabase(settings.DATABASE_URL, { ...databaseOptions(settings), create: false })
  try {
    const found = await database.inspect()
    const problems = [...found.unusable, ...found.unready].map(nameVariables)
    const advice = found.advice.map(nameVariables)
    if (json) print(terminal, JSON.stringify({ database: database.name, django: database.django, problems, advice }))
    else for (const text of advice) print(terminal, `advice: ${database.name} ${text}`)
    if (problems.length > 0) throw new CommandError(`${database.name} ${problems.join('; ')}`)
    if (!json) print(terminal, `${database.name} is in order${database.django ? ', and Django\'s' : ''}.`)
  } finally {
    await database.close()
  }
}
