import { openAuthtoken } from '../../../../src/index.js'
import type { Context, Sides } from '../sides.js'

const OLD = 'correct-horse-9'
const NEW = 'battery-staple-7'
const INVALID = '401 Invalid token.'
const INACTIVE = '401 User inactive or deleted.'
const REFUSED = '400 Unable to log in with provided credentials.'

/** What changes on one side, the other knows at its very next request. */
export async function checkChanges ({ report }: Context, sides: Sides, admin: string): Promise<void> {
  const { path, ours, theirs, orm, command, manage } = sides
  const patch = async (username: string, body: Record<string, unknown>) =>
    (await ours.request('PATCH', `/users/${username}/`, { token: admin, body })).status
  const make = async (username: string) => {
    const key = await orm.call<string>('create_user', { username, password: OLD })
    await Promise.all([ours.who(key), theirs.who(key)])
    return key
  }

  const a = await make('change-a')
  await orm.call('set_fields', { username: 'change-a', is_active: false })
  report.equal('a user that Django deactivates has no use of the token at our service', await ours.who(a), INACTIVE)
  report.equal('nor of the password', await ours.login('change-a', OLD), REFUSED)
  await orm.call('set_fields', { username: 'change-a', is_active: true })
  report.equal(
    'Django activates the user again, and our service lets it in',
    [await ours.who(a), await ours.login('change-a', OLD)],
    ['change-a', a]
  )

  report.equal('PATCH deactivates a user', await patch('change-a', { is_active: false }), 200)
  report.equal(
    'Django refuses that user\'s token, and login',
    [await theirs.who(a), await theirs.login('change-a', OLD)],
    [INACTIVE, REFUSED]
  )
  report.equal('PATCH activates the user again', await patch('change-a', { is_active: true }), 200)
  report.equal('Django lets it in', [await theirs.who(a), await theirs.login('change-a', OLD)], ['change-a', a])

  const b = await make('change-b')
  await orm.call('delete_token', { username: 'change-b' })
  report.equal('a token that Django deletes is dead at our service', await ours.who(b), INVALID)
  const second = await ours.login('change-b', OLD)
  report.check('our exchange then gives another', second !== b && await theirs.who(second) === 'change-b', second)
  const library = await openAuthtoken({ database: `file:${path}`, migrate: false })
  try {
    const user = await library.users.findByUsername('change-b')
    report.check('tokens.revoke deletes a token', user !== null && await library.tokens.revoke(user, `drf-${user.id}`))
  } finally {
    await library.database.close()
  }
  report.equal('a token that we delete is dead at Django', await theirs.who(second), INVALID)
  const third = await theirs.login('change-b', OLD)
  report.check('Django\'s exchange then gives another', third !== second && await ours.who(third) === 'change-b', third)

  const c = await make('change-c')
  const reset = await command(['create-token', '-r', 'change-c'])
  const fresh = keyIn(reset.output)
  report.equal('create-token -r kills the old token at Django', await theirs.who(c), INVALID)
  report.equal('and at the running service', await ours.who(c), INVALID)
  report.equal('the new one works on both', [await theirs.who(fresh), await ours.who(fresh)], ['change-c', 'change-c'])
  const resetThere = await manage('drf_create_token', '-r', 'change-c')
  const fresher = keyIn(resetThere.output)
  report.equal('drf_create_token -r kills the token at our service', await ours.who(fresh), INVALID)
  report.equal('the new one of Django\'s works on both', [await ours.who(fresher), await theirs.who(fresher)], ['change-c', 'change-c'])

  const d = await make('change-d')
  await orm.call('set_password', { username: 'change-d', password: NEW })
  report.equal(
    'a password that Django sets holds at our service, the old one does not',
    [await ours.login('change-d', NEW), await ours.login('change-d', OLD)],
    [d, REFUSED]
  )
  report.equal('PATCH sets a password', await patch('change-d', { password: OLD, revoke_tokens: false }), 200)
  report.equal(
    'it holds at Django, the old one does not',
    [await theirs.login('change-d', OLD), await theirs.login('change-d', NEW)],
    [d, REFUSED]
  )
  report.equal(
    'changepassword --noinput sets a password',
    (await command(['changepassword', 'change-d', '--noinput', '--keep-tokens'], NEW)).code,
    0
  )
  report.equal(
    'it holds at Django too, the old one does not',
    [await theirs.login('change-d', NEW), await theirs.login('change-d', OLD)],
    [d, REFUSED]
  )
  report.equal(
    'a token that is to stay outlives a change of password on both sides',
    [await ours.who(d), await theirs.who(d)],
    ['change-d', 'change-d']
  )

  const f = await make('change-f')
  report.equal('PATCH sets another password', await patch('change-f', { password: NEW }), 200)
  report.equal('and ends the token on both sides', [await ours.who(f), await theirs.who(f)], [INVALID, INVALID])

  report.equal('PATCH renames a user', await patch('change-d', { username: 'change-e' }), 200)
  report.equal('Django knows it by the new name', [await theirs.who(d), await theirs.login('change-e', NEW)], ['change-e', d])
}

const keyIn = (output: string): string => /[0-9a-f]{40}/.exec(output)?.[0] ?? output
