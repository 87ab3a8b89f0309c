import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { createDjango } from '../django.js'
import { readRows } from '../rows.js'
import { createService } from '../service.js'
import { type Context, startSides } from '../sides.js'

const PASSWORD = 'correct-horse-9'
const TABLES = ['auth_user', 'authtoken_token']

/** A database that we made, and Django comes later. */
export async function checkTakeover ({ report, folder, packages }: Context): Promise<void> {
  const [old, taken] = [join(folder, 'ours-first.sqlite3'), join(folder, 'taken-over.sqlite3')]
  // Without Debian's package Django could not read the default.
  const service = createService(old, packages.argon2 ? {} : { PASSWORD_HASHER: 'pbkdf2_sha256' })
  report.equal('authtoken migrate makes a database', (await service.command(['migrate'])).code, 0)
  await service.command(['createuser', '--username', 'early', '--noinput'], PASSWORD)
  await service.command(['createsuperuser', '--username', 'root', '--noinput'], PASSWORD)
  const before = readRows(old, TABLES)

  const faked = await createDjango(old).manage('migrate', '--fake-initial')
  report.check(
    'migrate --fake-initial of Django does not take it over: "table auth_user already exists"',
    faked.code !== 0 && /table "auth_user" already exists/.test(faked.errors),
    faked
  )
  report.note('impossible, because --fake-initial passes over a migration only where all of its tables exist: auth.0001_initial makes')
  report.note('auth_permission and auth_group besides auth_user, and these are Django\'s own. Copying the rows into a database that ' +
    'Django has made works:')
  report.equal('what Django tried has changed no user and no token', readRows(old, TABLES), before)
  const survivor = await service.serve()
  report.check('and our service still works there', /^[0-9a-f]{40}$/.test(await survivor.login('early', PASSWORD)))
  await survivor.stop()

  report.equal('Django makes a database', (await createDjango(taken).manage('migrate')).code, 0)
  copy(old, taken)
  report.equal('the rows stand there as they were', readRows(taken, TABLES), before)

  const { ours, theirs, orm, stop } = await startSides(taken)
  try {
    const key = await ours.login('early', PASSWORD)
    report.equal(
      'a user from before gets the same token on both sides',
      [await theirs.login('early', PASSWORD), await ours.who(key), await theirs.who(key)],
      [key, 'early', 'early']
    )
    const admin = await theirs.login('root', PASSWORD)
    const posted = await ours.request('POST', '/users/', { token: admin, body: { username: 'later-ours', password: PASSWORD } })
    const theirKey = await orm.call<string>('create_user', { username: 'later-django', password: PASSWORD })
    report.equal('both sides make users there', [posted.status, await ours.who(theirKey)], [201, 'later-django'])
    report.equal(
      'and log in each other\'s',
      [await ours.login('later-django', PASSWORD), await ours.login('later-ours', PASSWORD)],
      [theirKey, await theirs.login('later-ours', PASSWORD)]
    )
  } finally {
    await stop()
  }
}

function copy (from: string, to: string): void {
  const client = new SQLite(to)
  client.exec(`ATTACH '${from.replaceAll("'", "''")}' AS old`)
  client.transaction(() => {
    for (const table of TABLES) {
      const columns = client.prepare('select name from pragma_table_info(?)').pluck().all(table).map((name) => `"${name}"`).join(', ')
      client.exec(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM old.${table}`)
    }
  })()
  client.close()
}
