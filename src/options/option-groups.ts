import { type Static, type TObject, type TOptional, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import type { About } from './kinds.js'

/** Options that belong together: an object of them, and of no others. */
export const group = <Properties extends TProperties>(properties: Properties, about: Partial<About<object>> = {}): TObject<Properties> =>
  Type.Object(properties, { additionalProperties: false, right: 'an object', ...about })

/** A group as an option of another. */
export const nested = <Properties extends TProperties>(of: TObject<Properties>): TOptional<TObject<Properties>> => Type.Optional(of)

/** The same option, of which something else is said. */
export const redescribed = <Schema extends TSchema>(schema: Schema, about: Partial<About<Static<Schema>>>): Schema =>
  ({ ...schema, ...about })

type Defaulted<Properties> = {
  [Name in keyof Properties]: Properties[Name] extends { default: unknown } ? Name : never
}[keyof Properties]

/** The options of a group: those that have a default are there. */
export type Complete<Properties extends TProperties> = Static<TObject<Properties>> & {
  [Name in Defaulted<Properties>]-?: Exclude<Static<Properties[Name]>, undefined>
}

/**
 * What is given of a group, and the defaults of the rest.
 * @param given an option that is undefined is not given
 */
export function withDefaults<Properties extends TProperties> (group: TObject<Properties>, given: object = {}): Complete<Properties> {
  const options = Object.entries(group.properties).map(([name, schema]) =>
    [name, (given as Record<string, unknown>)[name] ?? schema.default])
  return Object.fromEntries(options.filter(([, value]) => value !== undefined)) as Complete<Properties>
}
