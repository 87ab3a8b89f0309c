import type { Users, NewUser } from '../users/users.js'
import { askConfirmation, askPassword, askText } from './prompts.js'
import { answer, CommandError, type CommonFlags, print, refuseToAsk, takePassword, type Terminal, withAuthtoken } from './terminal.js'

type Options = CommonFlags & { username?: string, email?: string, validate: boolean }

/** Makes a user without rights. */
export const createUser = (terminal: Terminal, options: Options): Promise<void> => create(terminal, options, false)

/** Makes a user with all rights, as Django's `createsuperuser` does. */
export const createSuperuser = (terminal: Terminal, options: Options): Promise<void> => create(terminal, options, true)

async function create (terminal: Terminal, options: Options, isSuperuser: boolean): Promise<void> {
  const given = takePassword(terminal) ?? null
  refuseToAsk(terminal, options, ' with --username, and the password in AUTHTOKEN_PASSWORD')
  if (options.noinput && options.username === undefined) throw new CommandError('You must use --username with --noinput.')

  await withAuthtoken(terminal, async ({ users }) => {
    const fields = options.noinput ? fromOptions(options, given) : await ask(terminal, users, options)
    const validate = options.validate && options.noinput === true
    const user = await users.create({ ...fields, isStaff: isSuperuser, isSuperuser }, { validate })
    answer(terminal, options, { id: user.id, username: user.username }, `${isSuperuser ? 'Superuser' : 'User'} created successfully.`)
  })
}

const fromOptions = ({ username = '', email = '' }: Options, password: string | null): NewUser => ({ username, email, password })

async function ask (terminal: Terminal, users: Users, options: Options): Promise<NewUser> {
  const problemOf = (value = '') => users.usernameProblems(users.normalizeUsername(value))[0]
  const username = users.normalizeUsername(options.username ?? await askText(terminal, 'Username', problemOf))
  const email = options.email ?? (users.fields.has('email') ? await askText(terminal, 'Email address', () => undefined) : '')
  return { username, email, password: await askGoodPassword(terminal, users, { username, email }, options) }
}

/** Asks until the password is good, or the weak one is wanted all the same, as Django does. */
export async function askGoodPassword (
  terminal: Terminal, users: Users, personal: { username: string, email: string }, { validate }: { validate: boolean }
): Promise<string> {
  while (true) {
    const password = await askPassword(terminal)
    const problems = validate ? await users.passwordProblems(password, personal) : []
    if (problems.length === 0) return password
    print(terminal, problems.join('\n'))
    if (await askConfirmation(terminal, 'Bypass password validation and use it anyway?')) return password
  }
}
