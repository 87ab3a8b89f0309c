import { Command, CommanderError } from 'commander'
import { version } from '../service/version.js'
import { describeFailure, type Terminal } from './terminal.js'

const JSON_FLAG = ['--json', 'output for machines'] as const
const NO_INPUT = ['--noinput', 'ask nothing; the password is AUTHTOKEN_PASSWORD'] as const
const NO_VALIDATE = ['--no-validate', 'do not apply the password rules'] as const

/** Runs the command line, without node and the program. @returns the exit code: 0, or 1 with one line on standard error */
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

  /** A command is loaded when it is called: the service need not wait for what it does not use. */
  const call = <Args extends unknown[]>(load: () => Promise<(terminal: Terminal, ...args: Args) => Promise<void>>) =>
    async (...args: Args): Promise<void> => (await load())(terminal, ...args)

  program.command('serve').description('run the service').action(call(async () => (await import('./serve.js')).serve))
  program.command('migrate').description('make the tables, or bring them up to date')
    .action(call(async () => (await import('./migrate.js')).migrate))
  program.command('check').description('say what is wrong with settings and database').option(...JSON_FLAG)
    .action(call(async () => (await import('./check.js')).check))

  program.command('createsuperuser').description('make a user with all rights')
    .option('--username <name>').option('--email <address>').option(...NO_INPUT).option(...NO_VALIDATE).option(...JSON_FLAG)
    .action(call(async () => (await import('./create-user.js')).createSuperuser))
  program.command('createuser').description('make a user')
    .option('--username <name>').option('--email <address>').option(...NO_INPUT).option(...NO_VALIDATE).option(...JSON_FLAG)
    .action(call(async () => (await import('./create-user.js')).createUser))
  program.command('changepassword').description('set a user\'s password').argument('<username>')
    .option(...NO_INPUT).option(...NO_VALIDATE).option('--keep-tokens', 'the user\'s tokens stay, as in Django').option(...JSON_FLAG)
    .action(call(async () => (await import('./change-password.js')).changePassword))

  program.command('create-token').alias('drf_create_token').description('show a user\'s token; made where there is none')
    .argument('[username]').option('-r, --reset', 'replace the present token').option('--missing', 'for all users who have none')
    .option(...JSON_FLAG)
    .action(call(async () => (await import('./create-drf-token.js')).createDrfToken))
  program.command('import-django').description('copy users and tokens of a database that Django made')
    .argument('<url>', 'file:<path> or postgres://…; it is only read').option('--hash', 'store tokens as digests').option(...JSON_FLAG)
    .action(call(async () => (await import('./import-django.js')).importDjango))

  const users = program.command('users').description('users')
  users.command('list').description('list the users')
    .option('--search <text>', 'part of the username or e-mail address').option(...JSON_FLAG)
    .action(call(async () => (await import('./list-users.js')).listUsers))

  const tokens = program.command('tokens').description('tokens')
  tokens.command('list').description('list tokens, of one user or of all').argument('[username]').option(...JSON_FLAG)
    .action(call(async () => (await import('./tokens/list-tokens.js')).listTokens))
  tokens.command('create').description('make an access token, and show it this once').argument('<username>')
    .option('--name <name>', 'unique among the user\'s tokens')
    .option('--scope <scope>', 'space-separated scopes; * is full power, and the default')
    .option('--expires-in <seconds>', 'how long it lives').option(...JSON_FLAG)
    .action(call(async () => (await import('./tokens/create-access-token.js')).createAccessToken))
  tokens.command('revoke').description('end a token').argument('[id]')
    .option('--user <name>', 'all of this user\'s tokens').option(...JSON_FLAG)
    .action(call(async () => (await import('./tokens/revoke-token.js')).revokeToken))
  tokens.command('rotate').description('put a new token in the place of one').argument('<id>')
    .option('--grace <seconds>', 'how long the old one goes on').option(...JSON_FLAG)
    .action(call(async () => (await import('./tokens/rotate-token.js')).rotateToken))
  tokens.command('prune').description('delete access tokens that have expired')
    .option('--days <days>', 'how long ago', '30').option(...JSON_FLAG)
    .action(call(async () => (await import('./tokens/prune-tokens.js')).pruneTokens))
  tokens.command('seal').description('turn all DRF tokens into digests').option('--noinput', 'ask nothing').option(...JSON_FLAG)
    .action(call(async () => (await import('./tokens/seal-tokens.js')).sealTokens))
  return program
}
