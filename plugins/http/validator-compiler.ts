import type { TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { ValueErrorIterator } from '@sinclair/typebox/errors'
import type { AuthtokenError } from '../../src/errors.js'

// Not the one of @fastify/type-provider-typebox: that converts values, and keeps of an error only its English message.
/** A validator compiler for Fastify that coerces nothing. @param toError what is answered; there is at least one error */
export const validatorCompiler = (toError: (errors: ValueErrorIterator) => AuthtokenError) => ({ schema }: { schema: unknown }) => {
  const compiled = TypeCompiler.Compile(schema as TSchema)
  return (value: unknown) => compiled.Check(value) ? { value } : { error: toError(compiled.Errors(value)) }
}
