import { progress } from '@clack/prompts'
import type { Authtoken } from '../open-authtoken.js'
import { MAX_GRACE } from '../tokens/access-token.js'
import type { DjangoUser as User, IssuedToken, Owner, Token } from '../identity/identity.js'
import { listAllTokens, type OwnedToken } from '../tokens/list-all.js'
import { MAX_DURATION } from '../options/token-options.js'
import { sealTokens } from '../tokens/sealing.js'
import { askConfirmation } from './prompts.js'
import { CommandError, print, printJson, type Terminal, withAuthtoken } from './terminal.js'
import { tableLine } from './table.js'

/** What all of them take. */
interface Output {
  json?: boolean
}

/** What `tokens create` takes. */
export interface CreateAccessTokenOptions extends Output {
  name?: string
  scope?: string
  expiresIn?: string
}

/** What `tokens revoke` takes. */
export interface RevokeTokenOptions extends Output {
  /** Ends all of this user's tokens. */
  user?: string
}

/** What `tokens rotate` takes. */
export interface RotateTokenOptions extends Output {
  grace?: string
}

/** What `tokens prune` takes. */
export interface PruneTokensOptions extends Output {
  /** Days since they expired. */
  days: string
}

/** What `tokens seal` takes. */
export interface SealTokensOptions extends Output {
  /** False: nothing is asked. */
  input: boolean
}

const BATCH = 500
const DAY_MS = 86_400_000
const COLUMNS = ['id', 'user', 'kind', 'name', 'hint', 'scope', 'created', 'expires', 'last used', 'state'] as const
const WIDTHS = [16, 16, 6, 20, 4, 16, 10, 10, 10]

/** Lists tokens, of one user or of all: a table, or with `--json` an object a line. Never a key. */
export async function listTokens (terminal: Terminal, username: string | undefined, { json }: Output): Promise<void> {
  await withAuthtoken(terminal, async (authtoken) => {
    const rows = username === undefined ? listAllTokens(authtoken.database) : listTokensOf(authtoken, await findUser(authtoken, username))
    if (!json) print(terminal, tableLine(COLUMNS, WIDTHS))
    for await (const { username, token } of rows) print(terminal, json ? JSON.stringify({ username, ...jsonOf(token) }) : tableLine(cells(username, token), WIDTHS))
  })
}

async function * listTokensOf ({ tokens }: Authtoken, user: User): AsyncGenerator<OwnedToken> {
  for (let offset = 0, count = 1; offset < count; offset += BATCH) {
    const page = await tokens.list(user, { limit: BATCH, offset })
    count = page.count
    for (const token of page.tokens) yield { username: user.username, token }
  }
}

/** Makes an access token and shows it, this once. */
export async function createAccessToken (terminal: Terminal, username: string, { name, scope, expiresIn, json }: CreateAccessTokenOptions): Promise<void> {
  const seconds = readNumber('--expires-in', expiresIn, 1, MAX_DURATION)
  await withAuthtoken(terminal, async (authtoken) => {
    const user = await findUser(authtoken, username)
    const token = await authtoken.tokens.create(user, {
      ...(name !== undefined && { name }),
      ...(scope !== undefined && { scope }),
      ...(seconds !== undefined && { expiresIn: seconds })
    })
    show(terminal, `Generated token ${token.key} for user ${username}`, token, json)
  })
}

/** Ends a token, or all of a user's. */
export async function revokeToken (terminal: Terminal, id: string | undefined, { user: username, json }: RevokeTokenOptions): Promise<void> {
  if ((id === undefined) === (username === undefined)) throw new CommandError('Name a token by its id, or a user with --user.')
  await withAuthtoken(terminal, async (authtoken) => {
    if (username !== undefined) {
      await authtoken.tokens.revokeAll(await findUser(authtoken, username))
      return json ? printJson(terminal, { username }) : print(terminal, `All tokens of user ${username} are revoked`)
    }
    if (!await authtoken.tokens.revoke(await findOwner(authtoken, id as string), id as string)) throw unknownToken()
    if (json) printJson(terminal, { id })
    else print(terminal, `Token ${id} is revoked`)
  })
}

/** Puts a new token in the place of one, and shows it, this once. */
export async function rotateToken (terminal: Terminal, id: string, { grace, json }: RotateTokenOptions): Promise<void> {
  const seconds = readNumber('--grace', grace, 0, MAX_GRACE) ?? 0
  await withAuthtoken(terminal, async (authtoken) => {
    const token = await authtoken.tokens.rotate(await findOwner(authtoken, id), id, { grace: seconds })
    if (token === null) throw unknownToken()
    show(terminal, `Generated token ${token.key} in place of ${id}`, token, json)
  })
}

/** Deletes access tokens that expired some days ago. */
export async function pruneTokens (terminal: Terminal, { days, json }: PruneTokensOptions): Promise<void> {
  const before = new Date(Date.now() - (readNumber('--days', days, 0, 36_525) ?? 0) * DAY_MS)
  await withAuthtoken(terminal, async ({ tokens }) => {
    let deleted = 0
    for (let batch = BATCH; batch === BATCH;) {
      batch = await tokens.prune(before, BATCH)
      deleted += batch
    }
    if (json) printJson(terminal, { deleted })
    else print(terminal, `Deleted ${deleted} expired tokens`)
  })
}

/** Turns all DRF tokens into digests. Clients notice nothing; a Django on the same database does. */
export async function seal (terminal: Terminal, { input, json }: SealTokensOptions): Promise<void> {
  if (input && !terminal.interactive) throw new CommandError('This is no terminal to ask on: use --noinput.')
  await withAuthtoken(terminal, async ({ database }) => {
    if (!json) print(terminal, WARNING)
    if (input && !await askConfirmation(terminal, 'Seal all DRF tokens? There is no way back.')) throw new CommandError('Operation cancelled.')
    const bar = terminal.interactive && !json ? progress({ max: await database.run(() => database.db.$count(database.tables.authtokenToken)), output: terminal.output }) : null
    bar?.start('Sealing')
    let before = 0
    const sealed = await sealTokens(database, ({ sealed }) => {
      bar?.advance(sealed - before)
      before = sealed
    })
    bar?.stop('Nothing is left in clear')
    if (json) printJson(terminal, { sealed })
    else print(terminal, `Sealed ${sealed} tokens`)
  })
}

const WARNING = 'Sealing stores a digest in the place of each DRF token. Clients go on with the tokens they have. A Django that still runs on this database will reject them.'

async function findUser ({ users }: Authtoken, username: string): Promise<User> {
  const user = await users.findByUsername(username)
  if (user === null) throw new CommandError(`user ${JSON.stringify(username)} does not exist`)
  return user
}

async function findOwner ({ tokens }: Authtoken, id: string): Promise<Owner> {
  const userId = await tokens.findOwner(id)
  if (userId === null) throw unknownToken()
  return { id: userId }
}

// What was given may be a token: it is not repeated.
const unknownToken = () => new CommandError('There is no token of that id; "authtoken tokens list" shows the ids.')

function readNumber (flag: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const number = /^\d{1,10}$/.test(text) ? Number(text) : -1
  if (number < min || number > max) throw new CommandError(`${flag} must be a whole number from ${min} to ${max}`)
  return number
}

function show (terminal: Terminal, text: string, token: IssuedToken, json: boolean | undefined): void {
  if (json) printJson(terminal, { ...jsonOf(token), token: token.key })
  else print(terminal, text)
}

const jsonOf = ({ id, kind, name, hint, scope, created, expires, lastUsed, disabled, replacedBy }: Token) =>
  ({ id, kind, name, hint, scope, created, expires, last_used: lastUsed, disabled, ...(replacedBy !== undefined && { replaced_by: replacedBy }) })

const dayOf = (date: Date | null): string => date?.toISOString().slice(0, 10) ?? 'never'

const cells = (username: string, token: Token): string[] =>
  [token.id, username, token.kind, token.name ?? '', token.hint ?? '', token.scope === '' ? 'none' : token.scope, dayOf(token.created), dayOf(token.expires), dayOf(token.lastUsed), stateOf(token)]

function stateOf ({ replacedBy, disabled, expires }: Token): string {
  const states = [
    ...(expires !== null && expires <= new Date() ? ['expired'] : []),
    ...(replacedBy !== undefined ? [`replaced by ${replacedBy}`] : []),
    ...(disabled ? ['disabled'] : [])
  ]
  return states.join(', ') || 'current'
}
