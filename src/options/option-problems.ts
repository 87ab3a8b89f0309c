import type { TSchema } from '@sinclair/typebox'
import { Errors, ValueErrorType } from '@sinclair/typebox/errors'

/**
 * What is wrong with options.
 * @param schema of which each part says in `right` what it must be
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
export const givenOptions = (options: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
