// Our service and the real Django on one database file. Needs Debian's python3-djangorestframework.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkChanges } from './checks/changes.js'
import { checkColumns } from './checks/columns.js'
import { checkDeletions } from './checks/deletions.js'
import { checkHashers } from './checks/hashers.js'
import { checkLoad } from './checks/load.js'
import { checkLogins } from './checks/logins.js'
import { checkTakeover } from './checks/takeover.js'
import { createDjango, findDjango } from './django.js'
import { createReport } from '../../support/check-report.js'
import { type Context, startSides } from './sides.js'

const LIMIT_MS = 15 * 60_000

async function run (): Promise<0 | 1> {
  const found = await findDjango()
  if (found === null) {
    process.stderr.write('test:django needs the real Django: apt-get install python3-djangorestframework python3-argon2 python3-bcrypt\n')
    return 1
  }
  const report = createReport()
  const folder = mkdtempSync(join(tmpdir(), 'authtoken-django-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  setTimeout(() => {
    report.check(`all of it takes less than ${LIMIT_MS / 60_000} minutes`, false)
    process.exit(report.finish())
  }, LIMIT_MS).unref()

  report.note(found.versions)
  for (const name of ['argon2', 'bcrypt'] as const) {
    if (!found[name]) {
      report.note(`python3-${name} is not installed: no ${name} ` +
    'hashes of Django\'s here')
    }
  }
  const context: Context = { report, folder, packages: found }
  const path = join(folder, 'shared.sqlite3')

  await report.section('one database, both sides', async () => {
    report.equal('Django makes a database', (await createDjango(path).manage('migrate')).code, 0)
    const sides = await startSides(path)
    try {
      report.equal(
        'our service and Django serve it at the same time',
        [await sides.ours.who('x'), await sides.theirs.who('x')],
        ['401 Invalid token.', '401 Invalid token.']
      )
      const admin = await sides.orm.call<string>('create_user', {
        username: 'admin',
        password: 'correct-horse-9',
        is_superuser: true,
        is_staff: true
      })
      await report.section('logins', () => checkLogins(context, sides, admin))
      await report.section('changes', () => checkChanges(context, sides, admin))
      await report.section('columns', () => checkColumns(context, sides, admin))
      await report.section('commands and deletions', () => checkDeletions(context, sides, admin))
      report.check('the service has complained of nothing', sides.ours.complaints().length === 0, sides.ours.complaints())
    } finally {
      await sides.stop()
    }
  })
  await report.section('a database that we made first', () => checkTakeover(context))
  await report.section('every hasher of Django\'s', () => checkHashers(context))
  await report.section('load', () => checkLoad(context))
  return report.finish()
}

process.exitCode = await run()
