import { setTimeout as sleep } from 'node:timers/promises'
import file from 'tap'
import { createDatabase } from '../support/postgres/database.js'
import { play } from '../support/permission-scenarios.js'
import { sql } from '../support/sql.js'
import { countLines, installExample, withScenarios } from './example.js'

const PASSWORD = 'correct horse battery'

file.test('an application with users in PostgreSQL', async (t) => {
  const url = await createDatabase(t)
  const example = installExample(t, 'drizzle-postgres', { DATABASE_URL: url })
  const query = (statement: string) => sql(url, statement)

  const { count, stated, longest } = countLines('drizzle-postgres', ['add-user.ts', 'triggers.ts'])
  t.equal(count, stated)
  t.ok(count <= 15 && longest <= 160, 'a protected route takes 15 lines')
  t.equal(await example.npx('tsc'), '', 'its types are right, without a cast')

  t.match(await example.npx('drizzle-kit', 'generate'), 'nothing to migrate')
  t.equal(await example.generateAnew(), example.read('drizzle/0000_users.sql'), 'the one that stands here')
  t.match(example.read('drizzle/0000_users.sql'), 'ALTER TABLE "authtoken_token" ADD CONSTRAINT "authtoken_token_user_id_users_id_fk" ' +
    'FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade')
  t.equal(await example.tsx('src/triggers.ts'), example.read('drizzle/0001_authtoken-triggers.sql'), 'and another the triggers')
  await example.npx('drizzle-kit', 'migrate')

  await example.tsx('src/add-user.ts', 'active@example.org', PASSWORD)
  for (const name of ['staff', 'inactive']) {
    await query('insert into users (email, password_hash, is_admin) select ' +
      `'${name}@example.org', password_hash, ${name === 'staff'} from users limit 1`)
  }

  example.write('scenarios.ts', withScenarios("({ email }) => String(email).replace(/@.*/, '')"))
  const { app, ask, login, lines } = await example.start('scenarios.ts')
  t.notMatch(lines.join('\n'), '"level":40', 'with the triggers nothing is amiss')
  const [active, staff, inactive] = [
    await login('active@example.org', PASSWORD),
    await login('staff@example.org', PASSWORD),
    await login('inactive@example.org', PASSWORD)
  ]
  t.match(active, /^fat_[0-9A-Za-z]{36}$/)
  t.same(await ask('GET', '/me', inactive), [200, { id: '3', email: 'inactive@example.org' }])

  /** What another connection did is told within milliseconds. */
  const eventually = async (key: string, answer: unknown) => {
    for (let tries = 0; tries < 500 && (await ask('GET', '/me', key))[0] === 200; tries++) await sleep(10)
    t.same(await ask('GET', '/me', key), [401, answer])
  }
  await query("update users set deleted_at = now() where email = 'inactive@example.org'")
  await eventually(inactive, { detail: 'User inactive or deleted.' })
  await play(t, app, 'Token', { active, staff, inactive })
  const refused = '400 {"non_field_errors":["Unable to log in with provided credentials."]}'
  t.equal(await login('inactive@example.org', PASSWORD), refused)
  t.equal(await login('active@example.org', 'wrong'), refused)

  const other = await login('active@example.org', PASSWORD)
  t.not(other, active, 'a new token each time')
  t.same(await ask('POST', '/logout', active), [200, { loggedOut: true }])
  t.same(await ask('GET', '/me', active), [401, { detail: 'Invalid token.' }])
  t.equal((await ask('GET', '/me', other))[0], 200, 'the others stay')
  await query("delete from users where email = 'active@example.org'")
  await eventually(other, { detail: 'Invalid token.' })
})
