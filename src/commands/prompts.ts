import { confirm, isCancel, password, text } from '@clack/prompts'
import { CommandError, type Terminal } from './terminal.js'

type Validate = (value: string | undefined) => string | undefined

/** Asks for a line. @param validate what is wrong with the answer, if anything: it is then asked again */
export const askText = async (terminal: Terminal, message: string, validate: Validate): Promise<string> =>
  answered(await text({ message, validate, input: terminal.input, output: terminal.output }))

/** Asks for a password twice, hidden. */
export async function askPassword (terminal: Terminal): Promise<string> {
  const streams = { input: terminal.input, output: terminal.output }
  const first = answered(await password({ message: 'Password', validate: (value) => value ? undefined : 'This field may not be blank.', ...streams }))
  answered(await password({ message: 'Password (again)', validate: (value) => value === first ? undefined : 'The two passwords are not the same.', ...streams }))
  return first
}

/** Asks yes or no; no by default. */
export const askConfirmation = async (terminal: Terminal, message: string): Promise<boolean> =>
  answered(await confirm({ message, initialValue: false, input: terminal.input, output: terminal.output }))

function answered<T> (answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw new CommandError('Operation cancelled.')
  return answer as Exclude<T, symbol>
}
