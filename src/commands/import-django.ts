import { progress } from '@clack/prompts'
import { codeOf } from '../database/database-interface.js'
import { copyUsers } from '../import/copy-users.js'
import { type Counts, type Group, type ImportReport, TOKEN_REASONS, USER_REASONS } from '../import/import-report.js'
import { openDjangoSource } from '../import/open-django-source.js'
import { CommandError, print, printJson, type Terminal, withAuthtoken } from './terminal.js'

/** What `import-django` takes. */
export interface ImportDjangoOptions {
  /** Tokens are stored as digests. */
  hash?: boolean
  json?: boolean
}

/** Copies users and tokens of a database that Django made into ours. */
export async function importDjango (terminal: Terminal, url: string, { hash = false, json = false }: ImportDjangoOptions): Promise<void> {
  const report = await withAuthtoken(terminal, async ({ database }) => {
    const source = await openDjangoSource(url)
    const { users } = await source.size()
    const bar = terminal.interactive && !json ? progress({ max: Math.max(1, users), output: terminal.output }) : null
    bar?.start('Importing users')
    let before = 0
    try {
      const report = await copyUsers(source, database, {
        hash,
        onProgress ({ read }) {
          bar?.advance(read - before)
          before = read
        }
      })
      bar?.stop('All users have been read')
      return report
    } catch (error) {
      bar?.error('Stopped')
      if (codeOf(error) !== 'AUTHTOKEN_DATABASE_UNAVAILABLE') throw error
      throw new CommandError(`${database.name} does not take what is written; what was imported until now stays, and the same command goes on from there`)
    } finally {
      await source.close()
    }
  })
  if (json) printJson(terminal, report)
  else for (const line of describe(report, hash)) print(terminal, line)
}

function describe ({ users, tokens, digests, renumbered, skipped }: ImportReport, hash: boolean): string[] {
  return [
    `Users: ${countsOf(users)}`,
    `Tokens: ${countsOf(tokens)}`,
    ...(digests && !hash ? ['Tokens were stored as digests, since those of this database are sealed'] : []),
    ...(renumbered.count > 0 ? [`Users who have another id here: ${groupOf(renumbered)}`] : []),
    ...skipped.map((group) => `Skipped ${group.what}s: ${groupOf(group)}: ${REASONS[group.reason]}`)
  ]
}

const REASONS = { ...USER_REASONS, ...TOKEN_REASONS }

const countsOf = ({ imported, present, skipped }: Counts): string => `${imported} imported, ${present} present, ${skipped} skipped`

const groupOf = ({ count, users }: Group): string => `${count} (user ${users.join(', ')}${count > users.length ? ', …' : ''})`
