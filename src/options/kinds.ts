import { type Static, type TObject, type TOptional, type TProperties, type TSchema, type TUnsafe, Type } from '@sinclair/typebox'

/** An option that may be left out. */
export type Option<Value> = TOptional<TUnsafe<Value>>

/** One that has a default. */
export interface Defaulted<Value> extends Option<Value> {
  default: Value
}

/** What is said of an option. `usual` is a default that depends on something, in words; `right` what the option must be. */
export interface About<Value> {
  description: string
  default?: Value
  usual?: string
  right?: string
}

type OptionOf<Value, Given> = Given extends { default: unknown } ? Defaulted<Value> : Option<Value>

const define = <Value, Given>(schema: object): OptionOf<Value, Given> => schema as OptionOf<Value, Given>

/** A whole number. */
export const wholeNumber = <const Given extends About<number>>(minimum: number, maximum: number, about: Given) =>
  integer<Given>('a whole number', minimum, maximum, about)

/** A duration in milliseconds. */
export const milliseconds = <const Given extends About<number>>(minimum: number, maximum: number, about: Given) =>
  integer<Given>('a whole number of milliseconds', minimum, maximum, about)

/** A duration in seconds. */
export const seconds = <const Given extends About<number>>(maximum: number, about: Given) =>
  integer<Given>('a whole number of seconds', 0, maximum, about)

const integer = <Given>(what: string, minimum: number, maximum: number, about: About<number>) =>
  define<number, Given>(Type.Optional(Type.Integer({ minimum, maximum, right: `${what} from ${minimum} to ${maximum}`, ...about })))

/** One of some words. */
export const oneOf = <const Value extends string, const Given extends About<NoInfer<Value>>>(values: readonly Value[], about: Given) =>
  define<Value, Given>(Type.Optional(Type.Union(values.map((value) => Type.Literal(value)), { right: `one of ${values.join(', ')}`, ...about })))

/** True or false. */
export const flag = <const Given extends About<boolean>>(about: Given) =>
  define<boolean, Given>(Type.Optional(Type.Boolean({ right: 'true or false', ...about })))

/** Text. @param pattern a regular expression that all of it matches */
export const text = <const Given extends Partial<About<string>> & { right: string }>(pattern: string, about: Given) =>
  define<string, Given>(Type.Optional(Type.String({ pattern, ...about })))

/** A list of texts, at least one. @param pattern a regular expression that each of them matches */
export const list = <const Given extends About<string[]> & { right: string }>(pattern: string, itemRight: string, about: Given) =>
  define<string[], Given>(Type.Optional(Type.Array(Type.String({ pattern, right: itemRight }), { minItems: 1, ...about })))

/** A function. */
export const func = <Value = unknown>(about: Partial<About<Value>> & { right: string }): Option<Value> =>
  Type.Optional(Type.Unsafe<Value>(Type.Function([], Type.Unknown(), about)))

/** An object of another library. */
export const instance = (right: string) => Type.Optional(Type.Object({}, { right }))

/** What a schema describes, or false. */
export const orFalse = (schema: TSchema, about: About<unknown> & { right: string }) => Type.Optional(Type.Union([schema, Type.Literal(false)], about))

/** Options that belong together: an object of them, and of no others. */
export const group = <Properties extends TProperties>(properties: Properties, about: object = {}): TObject<Properties> =>
  Type.Object(properties, { additionalProperties: false, right: 'an object', ...about })

/** The same option, of which something else is said. */
export const redescribed = <Schema extends TSchema>(schema: Schema, about: Partial<About<Static<Schema>>>): Schema => ({ ...schema, ...about })

/** A group as an option of another. */
export const nested = <Properties extends TProperties>(of: TObject<Properties>): TOptional<TObject<Properties>> => Type.Optional(of)

/** The options of a group, those that have a default with it. */
export type Complete<Properties extends TProperties> = Static<TObject<Properties>> &
  { [Name in DefaultedIn<Properties>]-?: Exclude<Static<Properties[Name]>, undefined> }

type DefaultedIn<Properties> = { [Name in keyof Properties]: Properties[Name] extends { default: unknown } ? Name : never }[keyof Properties]

/**
 * What is given of a group, and the defaults of the rest.
 * @param given an option that is undefined is not given
 */
export function withDefaults<Properties extends TProperties> ({ properties }: TObject<Properties>, given: object = {}): Complete<Properties> {
  const complete: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(properties)) {
    const value = (given as Record<string, unknown>)[name] ?? schema.default
    if (value !== undefined) complete[name] = value
  }
  return complete as Complete<Properties>
}
