import { readRows } from '../rows.js'
import type { Context, Sides } from '../sides.js'

const PASSWORD = 'correct-horse-9'
const INVALID = '401 Invalid token.'

/** The commands print the same, and users of either side are deleted by the other. */
export async function checkDeletions ({ report }: Context, { path, ours, theirs, orm, command, manage }: Sides, admin: string): Promise<void> {
  const remove = (username: string) => ours.request('DELETE', `/users/${username}/`, { token: admin })

  await orm.call('create_user', { username: 'delete-django', password: PASSWORD })
  await ours.request('POST', '/users/', { token: admin, body: { username: 'delete-ours', password: PASSWORD } })
  for (const username of ['delete-django', 'delete-ours']) {
    const [at, there, alias] = [
      await command(['create-token', username]),
      await manage('drf_create_token', username),
      await command(['drf_create_token', username])
    ]
    report.equal(
      `create-token and drf_create_token print the same line for ${username}`,
      [at.code, at.output, alias.output],
      [there.code, there.output, there.output]
    )
  }
  const [at, there] = [await command(['create-token', 'nobody']), await manage('drf_create_token', 'nobody')]
  report.equal(
    'for a user who does not exist they say the same',
    [at.code, at.errors.split(': ').slice(1)],
    [there.code, there.errors.split(': ').slice(1)]
  )

  const key = await ours.login('delete-ours', PASSWORD)
  const { body: made } = await ours.request('POST', '/tokens/', { token: key, body: { name: 'of delete-ours' } })
  const access = (made as { token: string }).token
  report.equal('an access token works at our service', await ours.who(access), 'delete-ours')
  const deleted = await orm.call('delete_user', { username: 'delete-ours' })
  report.equal('Django deletes a user of ours, and its token with it', deleted, { 'authtoken.Token': 1, 'auth.User': 1 })
  report.equal(
    'the tokens are dead at our service, the access token too',
    [await ours.who(key), await ours.who(access)],
    [INVALID, INVALID]
  )

  const theirKey = await ours.login('delete-django', PASSWORD)
  report.equal('DELETE /users/{username}/ deletes a user of Django\'s', (await remove('delete-django')).status, 204)
  report.equal(
    'Django knows neither user nor token',
    [await orm.call('exists', { username: 'delete-django' }), await theirs.who(theirKey)],
    [false, INVALID]
  )

  for (const [action, table] of [['add_group', 'auth_user_groups'], ['add_permission', 'auth_user_user_permissions']] as const) {
    const username = `bound-${action}`
    const bound = await orm.call<string>('create_user', { username, password: PASSWORD })
    await orm.call(action, { username })
    const before = readRows(path)
    const { status, body } = await remove(username)
    report.equal(`DELETE of a user that ${table} points to gives 409`, [status, Object.keys(body as object)], [409, ['detail']])
    report.equal(`and deletes nothing (${table})`, readRows(path), before)
    report.equal(
      `the token goes on working on both sides (${table})`,
      [await ours.who(bound), await theirs.who(bound)],
      [username, username]
    )
    report.equal(`Django sees the relation as before (${table})`, await orm.call('relations', { username }), 1)
    await orm.call('clear_relations', { username })
    report.equal(
      `DELETE succeeds once Django has removed the relation (${table})`,
      [(await remove(username)).status, await theirs.who(bound)],
      [204, INVALID]
    )
  }
}
