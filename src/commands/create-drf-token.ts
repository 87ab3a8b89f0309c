import { showProgress } from './prompts.js'
import { answer, CommandError, type CommonFlags, type Terminal, withAuthtoken } from './terminal.js'

type Options = CommonFlags & { reset?: boolean, missing?: boolean }

/** DRF's `drf_create_token`: shows the user's token, made where there is none; with `--missing` makes those of all users. */
export async function createDrfToken (terminal: Terminal, username: string | undefined, options: Options): Promise<void> {
  if (options.missing) return await createMissingTokens(terminal, options)
  if (username === undefined) throw new CommandError('Name a user, or use --missing.')
  await withAuthtoken(terminal, async ({ users, tokens }) => {
    const user = await users.findByUsername(username)
    if (user === null) throw new CommandError(`Cannot create the Token: user ${username} does not exist`)
    const { key } = options.reset ? await tokens.replace(user) : await tokens.getOrCreate(user)
    answer(terminal, options, { username, token: key }, `Generated token ${key} for user ${username}`)
  })
}

async function createMissingTokens (terminal: Terminal, options: CommonFlags): Promise<void> {
  await withAuthtoken(terminal, async ({ users, tokens }) => {
    const bar = await showProgress(terminal, options, 'Making tokens', async () => (await users.list({ limit: 0 })).count)
    let created = 0
    for await (const batch of tokens.createMissing()) {
      created += batch
      bar?.reach(created)
    }
    bar?.stop('Every user has a token')
    answer(terminal, options, { created }, `Generated tokens for ${created} users`)
  })
}
