import type { Readable, Writable } from 'node:stream'
import { type Authtoken, openAuthtoken } from '../open-authtoken.js'
import { AuthtokenError, DatabaseUnusable, InvalidSettings } from '../errors.js'
import { safeError } from '../safe-error.js'
import { openOptions } from '../service/open-options.js'
import { loadSettings } from '../service/settings.js'
import { nameVariables } from '../service/variable-names.js'

/** What a command sees of the world. */
export interface Terminal {
  env: NodeJS.ProcessEnv
  input: Readable
  output: Writable
  errors: Writable
  /** Whether a person is there to answer. */
  interactive: boolean
}

/** A command that can't go on: one line for standard error, exit code 1. */
export class CommandError extends Error {}

/** Writes a line to standard output. */
export const print = ({ output }: Terminal, line: string): void => { output.write(`${line}\n`) }

/** Writes a value for machines. */
export const printJson = (terminal: Terminal, value: unknown): void => print(terminal, JSON.stringify(value))

/**
 * Opens the database that the settings name, and closes it behind the action.
 * @param action what is done with it
 */
export async function withAuthtoken<T> (terminal: Terminal, action: (authtoken: Authtoken) => Promise<T>): Promise<T> {
  const settings = loadSettings(terminal.env)
  const authtoken = await openAuthtoken({ ...openOptions(settings), create: false, migrate: false })
  try {
    await refuseUnready(authtoken)
    return await action(authtoken)
  } finally {
    await authtoken.close()
  }
}

/** Refuses a database that lacks a migration, or can not be written. */
export async function refuseUnready ({ database }: Authtoken): Promise<void> {
  const [problem] = (await database.inspect()).unready
  if (problem !== undefined) throw new DatabaseUnusable(`${database.name} ${problem}`)
}

/** One line for standard error: what went wrong, without a stack trace. */
export function describeFailure (error: unknown): string {
  if (error instanceof AuthtokenError && error.fields !== undefined) {
    return Object.entries(error.fields).map(([field, messages]) => `${field}: ${messages.join(' ')}`).join(' ')
  }
  const { message } = safeError(error)
  return (error instanceof DatabaseUnusable || error instanceof InvalidSettings ? nameVariables(message) : message) || 'Unknown error.'
}
