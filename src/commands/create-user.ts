import type { Accounts, NewUser } from '../users/accounts.js'
import { askConfirmation, askPassword, askText } from './prompts.js'
import { CommandError, print, printJson, type Terminal, withAuthtoken } from './terminal.js'

/** What `createuser` and `createsuperuser` take. */
export interface CreateUserOptions {
  username?: string
  email?: string
  /** False: nothing is asked; the password is `AUTHTOKEN_PASSWORD`, or unusable without it. */
  input: boolean
  /** False: Django's password rules are not applied. */
  validate: boolean
  json?: boolean
}

/**
 * Makes a user, as Django's `createsuperuser` does.
 * @param flags what kind of user
 */
export async function createUser (terminal: Terminal, options: CreateUserOptions, flags: Pick<NewUser, 'isStaff' | 'isSuperuser'>): Promise<void> {
  if (options.input && !terminal.interactive) throw new CommandError('This is no terminal to ask on: use --noinput with --username, and the password in AUTHTOKEN_PASSWORD.')
  if (!options.input && options.username === undefined) throw new CommandError('You must use --username with --noinput.')

  await withAuthtoken(terminal, async ({ users }) => {
    const given = options.input ? await ask(terminal, options, users) : fromOptions(terminal, options)
    const user = await users.create({ ...given.user, ...flags }, { validate: given.validate })
    if (options.json) printJson(terminal, { id: user.id, username: user.username })
    else print(terminal, `${flags.isSuperuser ? 'Superuser' : 'User'} created successfully.`)
  })
}

const fromOptions = ({ env }: Terminal, { username = '', email = '', validate }: CreateUserOptions) =>
  ({ user: { username, email, password: env.AUTHTOKEN_PASSWORD ?? null }, validate })

async function ask (terminal: Terminal, options: CreateUserOptions, users: Accounts) {
  const username = users.normalizeUsername(options.username ?? await askText(terminal, 'Username', (value = '') => users.usernameProblems(users.normalizeUsername(value))[0]))
  const email = options.email ?? (users.fields.has('email') ? await askText(terminal, 'Email address', () => undefined) : '')
  return { user: { username, email, password: await askGoodPassword(terminal, users, { username, email }, options.validate) }, validate: false }
}

/** Asks until the password is good, or the weak one is wanted all the same, as Django does. */
export async function askGoodPassword (terminal: Terminal, users: Accounts, personal: { username: string, email: string }, validate: boolean): Promise<string> {
  while (true) {
    const password = await askPassword(terminal)
    const problems = validate ? await users.passwordProblems(password, personal) : []
    if (problems.length === 0) return password
    print(terminal, problems.join('\n'))
    if (await askConfirmation(terminal, 'Bypass password validation and use it anyway?')) return password
  }
}
