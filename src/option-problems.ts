import { type TSchema, Type } from '@sinclair/typebox'
import { Errors, ValueErrorType } from '@sinclair/typebox/errors'

// `right` says in words what an option must be.

/** One of some words. */
export const oneOf = (values: string[]) => Type.Unsafe<string>(Type.Union(values.map((value) => Type.Literal(value)), { right: `one of ${values.join(', ')}` }))

/** A function. @param right what of */
export const func = (right: string) => Type.Function([], Type.Unknown(), { right })

/** An object with these properties, each of which may be left out, and no others. */
export const object = (properties: Record<string, TSchema>, right: string) => Type.Partial(Type.Object(properties), { additionalProperties: false, right })

/** A whole number of milliseconds. */
export const milliseconds = Type.Integer({ minimum: 1, right: 'a whole number of milliseconds from 1' })

/** A whole number. @param minimum the least */
export const wholeNumber = (minimum: number) => Type.Integer({ minimum, right: `a whole number from ${minimum}` })

/**
 * What is wrong with options.
 * @param schema of which each part has `right`
 * @returns a sentence for each option that is wrong or unknown, with what would be right and never the value
 */
export function optionProblems (schema: TSchema, options: object): string[] {
  const problems = new Map<string, string>()
  for (const { type, path, schema: failed } of Errors(schema, options)) {
    const name = path.slice(1).replaceAll('/', '.')
    if (problems.has(name)) continue
    problems.set(name, type === ValueErrorType.ObjectAdditionalProperties ? `${name} is not an option` : `${name} must be ${failed.right}`)
  }
  return [...problems.values()]
}

/** The options that are given: one that is undefined is not. */
export const givenOptions = (options: object): Record<string, unknown> => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
