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

/** The flags that most commands take: the answer is for machines; nothing is asked. */
export interface CommonFlags { json?: boolean, noinput?: boolean }

/** A command that can't go on: one line for standard error, exit code 1. */
export class CommandError extends Error {}

/** Writes a line to standard output. */
export const print = ({ output }: Terminal, line: string): void => { output.write(`${line}\n`) }

/** Writes what a command has to say: a value for machines with `--json`, and a line otherwise. */
export const answer = (terminal: Terminal, { json }: CommonFlags, value: unknown, line: string): void =>
  print(terminal, json ? JSON.stringify(value) : line)

/** Writes rows as they come: an object a line with `--json`, and a table otherwise, whose columns have these widths. */
export async function printRows<Row> (
  terminal: Terminal, { json }: CommonFlags, columns: Record<string, number>, rows: AsyncIterable<Row>,
  present: { json: (row: Row) => object, cells: (row: Row) => string[] }
): Promise<void> {
  const widths = Object.values(columns)
  // A name may come from somebody else's database, with characters that steer a terminal.
  const line = (cells: string[]) => cells.map((cell, i) => cell.replace(/\p{C}/gu, '?').padEnd(widths[i] ?? 0)).join('  ').trimEnd()
  if (!json) print(terminal, line(Object.keys(columns)))
  for await (const row of rows) print(terminal, json ? JSON.stringify(present.json(row)) : line(present.cells(row)))
}

/** The password that the environment gives. It is taken out, so that no thread and no process that starts later has it. */
export function takePassword ({ env }: Terminal): string | undefined {
  const { AUTHTOKEN_PASSWORD: password } = env
  delete env.AUTHTOKEN_PASSWORD
  return password
}

/** Refuses to ask where nobody would answer. @param instead what to do, behind "use --noinput" */
export function refuseToAsk ({ interactive }: Terminal, { noinput }: CommonFlags, instead: string): void {
  if (!noinput && !interactive) throw new CommandError(`This is no terminal to ask on: use --noinput${instead}.`)
}

/** Opens the database that the settings name, and closes it behind the action. */
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
