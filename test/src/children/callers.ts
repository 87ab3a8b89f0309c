import { mock } from 'node:test'
import { type AuthtokenOptions, openAuthtoken } from '../../../src/authtoken.js'
import { AuthtokenError, type FieldErrors } from '../../../src/errors.js'
import type { NewToken } from '../../../src/tokens/access-token.js'
import type { IssuedToken } from '../../../src/tokens/identity.js'

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

// So many callers in one process. It does what it is told through the channel to its parent, until that is closed.

const [url = '', userId, options = '{}'] = process.argv.slice(2)
const user = { id: Number(userId) }
const { tokens, close } = await openAuthtoken({ database: url, migrate: false, ...JSON.parse(options) as Partial<AuthtokenOptions> })

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
  const page = await tokens.list(user, { limit: 100 })
  const current = page.tokens.find((token) => token.name === name && token.replacedBy === undefined)
  if (current === undefined) throw new Error(`no token is called ${name}`)
  return await tokens.rotate(user, current.id, { grace })
}

async function carryOut (call: Call): Promise<Outcome[]> {
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

process.on('message', (orders: Orders) => { obey(orders).catch(fail) })
process.on('disconnect', () => { close().catch(fail) })
process.send?.('ready')
