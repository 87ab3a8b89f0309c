import { join } from 'node:path'
import file from 'tap'
import { play } from '../support/permission-scenarios.js'
import { sql } from '../support/sql.js'
import { countLines, installExample, withScenarios } from './example.js'

const PASSWORD = 'correct horse battery'

file.test('an application with users in SQLite', async (t) => {
  const example = installExample(t, 'drizzle-sqlite', { DATABASE_FILE: 'test.db' })
  const url = `file:${join(example.folder, 'test.db')}`
  const query = (statement: string) => sql(url, statement)

  const { count, stated, longest } = countLines('drizzle-sqlite', ['add-user.ts'])
  t.equal(count, stated)
  t.ok(count <= 15 && longest <= 160, 'a protected route takes 15 lines')
  t.equal(await example.npx('tsc'), '', 'its types are right, without a cast')

  t.match(await example.npx('drizzle-kit', 'generate'), 'nothing to migrate')
  t.equal(await example.generateAnew(), example.read('drizzle/0000_users.sql'), 'the one that stands here')
  t.match(
    example.read('drizzle/0000_users.sql'),
    /authtoken_token[^;]*FOREIGN KEY \(`user_id`\) REFERENCES `users`\(`id`\)[^;]*ON DELETE cascade/
  )
  await example.npx('drizzle-kit', 'migrate')

  await example.tsx('src/add-user.ts', 'active@example.org', PASSWORD)
  t.match((await query('select id from users'))[0]?.id, /^[0-9a-f]{8}-[0-9a-f-]{27}$/)
  for (const name of ['staff', 'inactive']) {
    await query(`insert into users select '${name}-id', '${name}@example.org', password_hash, ` +
      `true, ${name === 'staff'} from users limit 1`)
  }

  example.write('scenarios.ts', withScenarios("({ email }) => String(email).replace(/@.*/, '')"))
  const { app, ask, login } = await example.start('scenarios.ts')
  const [active, staff, inactive] = [
    await login('active@example.org', PASSWORD),
    await login('staff@example.org', PASSWORD),
    await login('inactive@example.org', PASSWORD)
  ]
  t.match(await ask('GET', '/me', inactive), [200, { id: 'inactive-id', email: 'inactive@example.org' }])

  await query("update users set is_active = false where id = 'inactive-id'")
  await play(t, app, 'Token', { active, staff, inactive })
  const refused = '400 {"non_field_errors":["Unable to log in with provided credentials."]}'
  t.equal(await login('inactive@example.org', PASSWORD), refused)
  t.equal(await login('active@example.org', 'wrong'), refused)

  t.equal(await login('staff@example.org', PASSWORD), staff, 'the same token each time')
  await query("delete from authtoken_token where user_id = 'staff-id'")
  t.same(await ask('GET', '/me', staff), [401, { detail: 'Invalid token.' }], 'a token that was revoked by hand')
  await query("delete from users where email = 'active@example.org'")
  t.same(await ask('GET', '/me', active), [401, { detail: 'Invalid token.' }], 'a token goes with its user')
})
