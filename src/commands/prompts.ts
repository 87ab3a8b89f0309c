import { confirm, isCancel, password, progress, text } from '@clack/prompts'
import { CommandError, type CommonFlags, type Terminal } from './terminal.js'

type Validate = (value: string | undefined) => string | undefined

/** Asks for a line. @param validate what is wrong with the answer, if anything: it is then asked again */
export const askText = async (terminal: Terminal, message: string, validate: Validate): Promise<string> =>
  answered(await text({ message, validate, input: terminal.input, output: terminal.output }))

/** Asks for a password twice, hidden. */
export async function askPassword (terminal: Terminal): Promise<string> {
  const ask = async (message: string, validate: Validate) =>
    answered(await password({ message, validate, input: terminal.input, output: terminal.output }))
  const first = await ask('Password', (value) => value ? undefined : 'This field may not be blank.')
  return await ask('Password (again)', (value) => value === first ? undefined : 'The two passwords are not the same.')
}

/** Asks yes or no; no by default. */
export const askConfirmation = async (terminal: Terminal, message: string): Promise<boolean> =>
  answered(await confirm({ message, initialValue: false, input: terminal.input, output: terminal.output }))

/** Shows a progress bar where a person looks on. @param count how much there is to do. @returns null: nobody does */
export async function showProgress (terminal: Terminal, { json }: CommonFlags, label: string, count: () => Promise<number>) {
  if (!terminal.interactive || json) return null
  const bar = progress({ max: Math.max(1, await count()), output: terminal.output })
  let before = 0
  bar.start(label)
  return {
    reach (done: number): void {
      bar.advance(done - before)
      before = done
    },
    stop: (message: string): void => bar.stop(message),
    fail: (): void => bar.error('Stopped')
  }
}

function answered<T> (answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw new CommandError('Operation cancelled.')
  return answer as Exclude<T, symbol>
}
