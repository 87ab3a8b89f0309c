import { join } from 'node:path'
import file from 'tap'
import { play } from '../support/permission-scenarios.js'
import { sql } from '../support/sql.js'
import { commandOf, countLines, installExample } from './example.js'

const PASSWORD = 'correct horse battery'

file.test('an application of fastify-cli, with the plugin among those that are loaded by themselves', async (t) => {
  const env = { AUTHTOKEN_PASSWORD: PASSWORD, DATABASE_URL: 'file:./test.db' }
  const example = installExample(t, 'fastify-cli', env)
  const query = (statement: string) => sql(`file:${join(example.folder, 'test.db')}`, statement)

  const { count, stated, longest } = countLines('fastify-cli')
  t.equal(count, stated)
  t.ok(count <= 15 && longest <= 160, 'a protected route takes 15 lines')
  t.equal(await example.npx('tsc'), '', 'it compiles, without a cast')

  example.write('dist/routes/scenarios.js', `
    import { declareRoutes } from ${JSON.stringify(new URL('../support/permission-scenarios.ts', import.meta.url).href)}
    export default async (app, options) => declareRoutes(app)
  `)
  const { app, ask, login } = await example.start(commandOf('fastify'), 'start', '-l', 'info', 'dist/app.js')
  await example.npx('authtoken', 'createuser', '--noinput', '--username', 'active', '--email', 'active@example.org')
  for (const name of ['staff', 'inactive']) {
    await query(`insert into auth_user (password, username, is_staff, is_superuser, is_active, email, first_name, last_name, date_joined)
      select password, '${name}', ${name === 'staff'}, false, true, '${name}@example.org', '', '', date_joined from auth_user where username = 'active'`)
  }
  const [active, staff, inactive] = [await login('active', PASSWORD), await login('staff', PASSWORD), await login('inactive', PASSWORD)]
  t.same(await ask('GET', '/me', inactive), [200, { id: 3, username: 'inactive' }])

  await query("update auth_user set is_active = false where username = 'inactive'")
  await play(t, app, 'Token', { active, staff, inactive })
  t.equal(await login('inactive', PASSWORD), '400 {"non_field_errors":["Unable to log in with provided credentials."]}')

  await example.npx('authtoken', 'tokens', 'revoke', '--user', 'staff')
  t.same(await ask('GET', '/me', staff), [401, { detail: 'Invalid token.' }])
})
