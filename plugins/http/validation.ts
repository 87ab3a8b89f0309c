import type { TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { type ValueError, type ValueErrorIterator, ValueErrorType } from '@sinclair/typebox/errors'
import { type AuthtokenError, type FieldErrors, validationError } from '../../src/errors.js'

const LONE_SURROGATE = /\p{Surrogate}/u

// Not the one of @fastify/type-provider-typebox: that converts values, and keeps of an error only its English message.
/** A validator compiler for Fastify that coerces nothing. @param toError what is answered; there is at least one error */
export const validatorCompiler = (toError: (errors: ValueErrorIterator) => AuthtokenError) => ({ schema }: { schema: unknown }) => {
  const compiled = TypeCompiler.Compile(schema as TSchema)
  return (value: unknown) => compiled.Check(value) ? { value } : { error: toError(compiled.Errors(value)) }
}

/** One that answers as DRF's serializers do. */
export const drfValidatorCompiler = validatorCompiler((errors) => validationError(drfMessages(errors)))

/** TypeBox's errors in the words of DRF's fields: for each field the first that is wrong. */
function drfMessages (errors: Iterable<ValueError>): FieldErrors {
  const fields: FieldErrors = {}
  for (const error of errors) fields[nameOf(error.path.split('/')[1] ?? '')] ??= messagesOf(error)
  return fields
}

/** A name that can't be a field's is not repeated: it may be anything, a token too. */
const nameOf = (name: string): string => /^\w{1,32}$/.test(name) ? name : 'non_field_errors'

function messagesOf ({ type, value, schema, path }: ValueError): string[] {
  if (type === ValueErrorType.Object) return [`Invalid data. Expected a dictionary, but got ${pythonType(value)}.`]
  if (type === ValueErrorType.ObjectRequiredProperty) return ['This field is required.']
  if (type === ValueErrorType.ObjectAdditionalProperties) {
    return [nameOf(path.slice(1)) === 'non_field_errors' ? 'A field is not known.' : 'This field is not known.']
  }
  if (type === ValueErrorType.Union || type === ValueErrorType.Literal) return [schema.problem]
  if (value === null) return ['This field may not be null.']
  if (schema.type === 'boolean') return ['Must be a valid boolean.']
  if (schema.type === 'integer') return [`Enter a whole number from ${schema.minimum} to ${schema.maximum}.`]
  if (typeof value !== 'string') return ['Not a valid string.']
  if (value === '' && schema.minLength === 1) return ['This field may not be blank.']
  if (type === ValueErrorType.StringMaxLength) return [`Ensure this field has no more than ${schema.maxLength} characters.`]
  return unstorable(value) ?? [schema.problem ?? 'Enter a valid value.']
}

function unstorable (value: string): string[] | null {
  const surrogate = LONE_SURROGATE.exec(value)?.[0]
  const problems = []
  if (value.includes('\0')) problems.push('Null characters are not allowed.')
  if (surrogate !== undefined) {
    problems.push(`Surrogate characters are not allowed: U+${surrogate.charCodeAt(0).toString(16).toUpperCase()}.`)
  }
  return problems.length === 0 ? null : problems
}

/** What Python calls the type of a JSON value. */
export function pythonType (value: unknown): string {
  if (Array.isArray(value)) return 'list'
  switch (typeof value) {
    case 'string': return 'str'
    case 'boolean': return 'bool'
    case 'number': return Number.isInteger(value) ? 'int' : 'float'
    case 'object': return value === null ? 'NoneType' : 'dict'
    default: return 'NoneType'
  }
}
