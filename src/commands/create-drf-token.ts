import { progress } from '@clack/prompts'
import { CommandError, print, printJson, type Terminal, withAuthtoken } from './terminal.js'

/** What `create-token` takes. */
export interface CreateTokenOptions {
  /** Replaces the present token. */
  reset?: boolean
  /** Makes tokens for all users who have none. */
  missing?: boolean
  json?: boolean
}

/** DRF's `drf_create_token`: shows the user's token, and makes it where there is none. */
export async function createToken (terminal: Terminal, username: string | undefined, options: CreateTokenOptions): Promise<void> {
  if (options.missing) return await createMissingTokens(terminal, options)
  if (username === undefined) throw new CommandError('Name a user, or use --missing.')
  await withAuthtoken(terminal, async ({ users, tokens }) => {
    const user = await users.findByUsername(username)
    if (user === null) throw new CommandError(`Cannot create the Token: user ${username} does not exist`)
    const { key } = options.reset ? await tokens.replace(user) : await tokens.getOrCreate(user)
    if (options.json) printJson(terminal, { username, token: key })
    else print(terminal, `Generated token ${key} for user ${username}`)
  })
}

async function createMissingTokens (terminal: Terminal, { json }: CreateTokenOptions): Promise<void> {
  await withAuthtoken(terminal, async ({ users, tokens }) => {
    const bar = terminal.interactive && !json ? progress({ max: (await users.list({ limit: 0 })).count, output: terminal.output }) : null
    bar?.start('Making tokens')
    let created = 0
    for await (const batch of tokens.createMissing()) {
      created += batch
      bar?.advance(batch)
    }
    bar?.stop('Every user has a token')
    if (json) printJson(terminal, { created })
    else print(terminal, `Generated tokens for ${created} users`)
  })
}
