import { Command, CommanderError } from 'commander'
import type { ChangePasswordOptions } from './change-password.js'
import type { CreateTokenOptions } from './create-drf-token.js'
import type { CreateUserOptions } from './create-user.js'
import type { ImportDjangoOptions } from './import-django.js'
import type { ListUsersOptions } from './list-users.js'
import { describeFailure, type Terminal } from './terminal.js'
import type { CreateAccessTokenOptions, PruneTokensOptions, RevokeTokenOptions, RotateTokenOptions, SealTokensOptions } from './token-commands.js'
import { version } from '../service/version.js'

const JSON_FLAG = ['--json', 'output for machines'] as const
const NO_INPUT = ['--noinput', 'ask nothing; the password is AUTHTOKEN_PASSWORD'] as const
const NO_VALIDATE = ['--no-validate', 'do not apply the password rules'] as const

// A command is loaded when it is called: the service need not wait for what it does not use.
const tokenCommands = () => import('./token-commands.js')

/**
 * The command line.
 * @param argv the arguments, without node and the program
 * @returns the exit code: 0, or 1 with one line on standard error
 */
export async function run (argv: string[], terminal: Terminal): Promise<0 | 1> {
  try {
    await createProgram(terminal).parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1
    terminal.errors.write(`authtoken: ${describeFailure(error).replaceAll('\n', ' ')}\n`)
    return 1
  }
}

function createProgram (terminal: Terminal): Command {
  const program = new Command('authtoken')
    .description("Django REST framework's token authentication, as a service. Settings come from the environment.")
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.output.write(text), writeErr: (text) => terminal.errors.write(text) })

  program.command('serve').description('run the service').action(async () => (await import('./serve.js')).serve(terminal))
  program.command('migrate').description('make the tables, or bring them up to date').action(async () => (await import('./migrate.js')).migrate(terminal))
  program.command('check').description('say what is wrong with settings and database').option(...JSON_FLAG)
    .action(async (options: { json?: boolean }) => (await import('./check.js')).check(terminal, options))

  for (const [name, description, flags] of [
    ['createsuperuser', 'make a user with all rights', { isStaff: true, isSuperuser: true }],
    ['createuser', 'make a user', { isStaff: false, isSuperuser: false }]
  ] as const) {
    program.command(name).description(description)
      .option('--username <name>').option('--email <address>')
      .option(...NO_INPUT).option(...NO_VALIDATE).option(...JSON_FLAG)
      .action(async (options: Omit<CreateUserOptions, 'input'> & { noinput?: boolean }) => (await import('./create-user.js')).createUser(terminal, { ...options, input: !options.noinput }, flags))
  }

  program.command('changepassword').description('set a user\'s password').argument('<username>')
    .option(...NO_INPUT).option(...NO_VALIDATE).option('--keep-tokens', 'the user\'s tokens stay, as in Django').option(...JSON_FLAG)
    .action(async (username: string, options: Omit<ChangePasswordOptions, 'input'> & { noinput?: boolean }) => (await import('./change-password.js')).changePassword(terminal, username, { ...options, input: !options.noinput }))

  program.command('create-token').alias('drf_create_token').description('show a user\'s token; made where there is none').argument('[username]')
    .option('-r, --reset', 'replace the present token').option('--missing', 'for all users who have none').option(...JSON_FLAG)
    .action(async (username: string | undefined, options: CreateTokenOptions) => (await import('./create-drf-token.js')).createToken(terminal, username, options))

  program.command('import-django').description('copy users and tokens of a database that Django made').argument('<url>', 'file:<path> or postgres://…; it is only read')
    .option('--hash', 'store tokens as digests').option(...JSON_FLAG)
    .action(async (url: string, options: ImportDjangoOptions) => (await import('./import-django.js')).importDjango(terminal, url, options))

  program.command('users').description('users').command('list').description('list the users')
    .option('--search <text>', 'part of the username or e-mail address').option(...JSON_FLAG)
    .action(async (options: ListUsersOptions) => (await import('./list-users.js')).listUsers(terminal, options))

  addTokenCommands(program.command('tokens').description('tokens'), terminal)
  return program
}

function addTokenCommands (tokens: Command, terminal: Terminal): void {
  tokens.command('list').description('list tokens, of one user or of all').argument('[username]').option(...JSON_FLAG)
    .action(async (username: string | undefined, options: { json?: boolean }) => (await tokenCommands()).listTokens(terminal, username, options))

  tokens.command('create').description('make an access token, and show it this once').argument('<username>')
    .option('--name <name>', 'unique among the user\'s tokens').option('--scope <scope>', 'space-separated scopes; * is full power, and the default')
    .option('--expires-in <seconds>', 'how long it lives').option(...JSON_FLAG)
    .action(async (username: string, options: CreateAccessTokenOptions) => (await tokenCommands()).createAccessToken(terminal, username, options))

  tokens.command('revoke').description('end a token').argument('[id]').option('--user <name>', 'all of this user\'s tokens').option(...JSON_FLAG)
    .action(async (id: string | undefined, options: RevokeTokenOptions) => (await tokenCommands()).revokeToken(terminal, id, options))

  tokens.command('rotate').description('put a new token in the place of one').argument('<id>')
    .option('--grace <seconds>', 'how long the old one goes on').option(...JSON_FLAG)
    .action(async (id: string, options: RotateTokenOptions) => (await tokenCommands()).rotateToken(terminal, id, options))

  tokens.command('prune').description('delete access tokens that have expired').option('--days <days>', 'how long ago', '30').option(...JSON_FLAG)
    .action(async (options: PruneTokensOptions) => (await tokenCommands()).pruneTokens(terminal, options))

  tokens.command('seal').description('turn all DRF tokens into digests').option('--noinput', 'ask nothing').option(...JSON_FLAG)
    .action(async (options: Omit<SealTokensOptions, 'input'> & { noinput?: boolean }) => (await tokenCommands()).seal(terminal, { ...options, input: !options.noinput }))
}
