/** An error without what it was about: no message that quotes a statement's parameters or a body. */
export interface SafeError {
  [key: string]: unknown
  type: string
  code?: string
  message: string
  stack: string
  cause?: SafeError
}

// Drizzle puts the statement's parameters into the message, JSON.parse a piece of its input. Known by what they hold: a bundler
// may have given classes other names.
const isQuoting = (error: Error): boolean => 'params' in error || error.name === 'DrizzleError' || error instanceof SyntaxError

/**
 * What may be logged of an error.
 * @param error anything that was thrown
 */
export function safeError (error: unknown): SafeError {
  if (!(error instanceof Error)) return { type: typeof error, message: '', stack: '' }
  const { code, cause } = error as { code?: unknown, cause?: unknown }
  return {
    type: error.constructor.name,
    ...(typeof code === 'string' && { code }),
    message: isQuoting(error) ? '' : error.message,
    stack: (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)).join('\n'),
    ...(cause !== undefined && { cause: safeError(cause) })
  }
}
