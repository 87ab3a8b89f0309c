import { mock } from 'node:test'
import { type Authtoken, type AuthtokenOptions, openAuthtoken } from '../../../../src/open-authtoken.js'
import { AuthtokenError, type FieldErrors } from '../../../../src/errors.js'
import type { NewToken } from '../../../../src/tokens/access-token.js'
import type { IssuedToken } from '../../../../src/identity/identity.js'

/** Whose tokens, and where. */
export interface Setting {
  url: string
  userId: number
  options: Partial<AuthtokenOptions>
}

/** What each of the callers does. */
export type Call =
  | { method: 'create', token: NewToken }
  | { method: 'rotate', id: string, grace: number }
  /** Rotates what is the current token of that name, again and again. */
  | { method: 'rotateCurrent', name: string, grace: number, times: number }

/** What a process of callers is told. */
export interface Orders {
  call: Call
  callers: number
  /** What the clock shows; undefined: the time. */
  now?: number | undefined
}

/** A token that was made, an error, or neither: there was no such token. */
export interface Outcome {
  token?: { id: string, key: string }
  error?: { code: string, message: string, fields?: FieldErrors }
}

/** What a process of callers hears: which database is theirs from now on, if any, and what they do there. */
export type Message = { enter: Setting | null } | { obey: Orders }

// So many callers in one process. It does what it is told through the channel to its parent, until that is closed.

let place: { authtoken: Authtoken, user: { id: number } } | null = null

async function enter (setting: Setting | null): Promise<void> {
  await place?.authtoken.close()
  place = null
  if (setting !== null) place = { authtoken: await openAuthtoken({ database: setting.url, migrate: false, ...setting.options }), user: { id: setting.userId } }
  process.send?.('ready')
}

function here () {
  if (place === null) throw new Error('these callers have no database yet')
  return { tokens: place.authtoken.tokens, user: place.user }
}

async function outcomeOf (answer: Promise<IssuedToken | null>): Promise<Outcome> {
  try {
    const token = await answer
    return token === null ? {} : { token: { id: token.id, key: token.key } }
  } catch (error) {
    if (!(error instanceof AuthtokenError)) throw error
    const { code, message, fields } = error
    return { error: { code, message, ...(fields !== undefined && { fields }) } }
  }
}

async function rotateCurrent (name: string, grace: number): Promise<IssuedToken | null> {
  const { tokens, user } = here()
  const page = await tokens.list(user, { limit: 100 })
  const current = page.tokens.find((token) => token.name === name && token.replacedBy === undefined)
  if (current === undefined) throw new Error(`no token is called ${name}`)
  return await tokens.rotate(user, current.id, { grace })
}

async function carryOut (call: Call): Promise<Outcome[]> {
  const { tokens, user } = here()
  if (call.method === 'create') return [await outcomeOf(tokens.create(user, call.token))]
  if (call.method === 'rotate') return [await outcomeOf(tokens.rotate(user, call.id, { grace: call.grace }))]
  const outcomes = []
  for (let time = 0; time < call.times; time++) outcomes.push(await outcomeOf(rotateCurrent(call.name, call.grace)))
  return outcomes
}

async function obey ({ call, callers, now }: Orders): Promise<void> {
  if (now !== undefined) mock.timers.enable({ apis: ['Date'], now })
  const outcomes = await Promise.all(Array.from({ length: callers }, () => carryOut(call)))
  mock.timers.reset()
  process.send?.(outcomes.flat())
}

function fail (error: unknown): void {
  console.error(error)
  process.exit(1)
}

process.on('message', (message: Message) => { ('enter' in message ? enter(message.enter) : obey(message.obey)).catch(fail) })
process.on('disconnect', () => { place?.authtoken.close().catch(fail) })
