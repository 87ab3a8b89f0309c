import { codeOf } from '../database/driver-errors.js'
import { copyUsers } from '../import/copy-users.js'
import { type Counts, type Group, type ImportReport, TOKEN_REASONS, USER_REASONS } from '../import/import-report.js'
import { openDjangoSource } from '../import/open-django-source.js'
import { showProgress } from './prompts.js'
import { answer, CommandError, type CommonFlags, type Terminal, withAuthtoken } from './terminal.js'

const REASONS = { ...USER_REASONS, ...TOKEN_REASONS }

/** Copies users and tokens of a database that Django made into ours; with `--hash` the tokens as digests. */
export async function importDjango (terminal: Terminal, url: string, options: CommonFlags & { hash?: boolean }): Promise<void> {
  const { hash = false } = options
  const report = await withAuthtoken(terminal, async ({ database }) => {
    const source = await openDjangoSource(url)
    const bar = await showProgress(terminal, options, 'Importing users', async () => (await source.size()).users)
    try {
      const report = await copyUsers(source, database, { hash, onProgress: ({ read }) => bar?.reach(read) })
      bar?.stop('All users have been read')
      return report
    } catch (error) {
      bar?.fail()
      if (codeOf(error) !== 'AUTHTOKEN_DATABASE_UNAVAILABLE') throw error
      throw new CommandError(`${database.name} does not take what is written; ` +
        'what was imported until now stays, and the same command goes on from there')
    } finally {
      await source.close()
    }
  })
  answer(terminal, options, report, describe(report, hash).join('\n'))
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

const countsOf = ({ imported, present, skipped }: Counts): string => `${imported} imported, ${present} present, ${skipped} skipped`

const groupOf = ({ count, users }: Group): string => `${count} (user ${users.join(', ')}${count > users.length ? ', …' : ''})`
