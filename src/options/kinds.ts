import { type TOptional, type TSchema, type TUnsafe, Type } from '@sinclair/typebox'

/** An option that may be left out. */
export type Option<Value> = TOptional<TUnsafe<Value>>

/** One that has a default. */
export interface Defaulted<Value> extends Option<Value> {
  default: Value
}

/** What is said of an option. `usual`: a default that depends on something, in words; `right`: what the option must be. */
export interface About<Value> {
  description: string
  default?: Value
  usual?: string
  right?: string
}

/** What must be said where the kind does not say what is right. */
export type AboutText<Value> = Partial<About<Value>> & { right: string }

/** A whole number. */
export const wholeNumber = <const Given extends About<number>>(minimum: number, maximum: number, about: Given) =>
  integer<Given>('a whole number', minimum, maximum, about)

/** A duration in milliseconds. */
export const milliseconds = <const Given extends About<number>>(minimum: number, maximum: number, about: Given) =>
  integer<Given>('a whole number of milliseconds', minimum, maximum, about)

/** A duration in seconds, from none on. */
export const seconds = <const Given extends About<number>>(maximum: number, about: Given) =>
  integer<Given>('a whole number of seconds', 0, maximum, about)

/** One of some words. */
export function oneOf<const Value extends string, const Given extends About<NoInfer<Value>>> (words: readonly Value[], about: Given) {
  return option<Value, Given>(Type.Union(words.map((word) => Type.Literal(word)), { right: `one of ${words.join(', ')}`, ...about }))
}

/** True or false. */
export const flag = <const Given extends About<boolean>>(about: Given) =>
  option<boolean, Given>(Type.Boolean({ right: 'true or false', ...about }))

/** Text. @param pattern a regular expression that it matches */
export const text = <const Given extends AboutText<string>>(pattern: string, about: Given) =>
  option<string, Given>(Type.String({ pattern, ...about }))

/** A list of texts, at least one. @param pattern a regular expression that each of them matches */
export const list = <const Given extends AboutText<string[]>>(pattern: string, rightOfEach: string, about: Given) =>
  option<string[], Given>(Type.Array(Type.String({ pattern, right: rightOfEach }), { minItems: 1, ...about }))

/** A function. */
export const func = <const Given extends AboutText<unknown>>(about: Given) =>
  option<unknown, Given>(Type.Function([], Type.Unknown(), about))

/** An object of another library. */
export const instance = <const Given extends AboutText<object>>(about: Given) =>
  option<object, Given>(Type.Object({}, about))

/** What a schema describes, or false. */
export const orFalse = <const Given extends AboutText<unknown>>(schema: TSchema, about: Given) =>
  option<unknown, Given>(Type.Union([schema, Type.Literal(false)], about))

function integer<Given> (what: string, minimum: number, maximum: number, about: About<number>) {
  return option<number, Given>(Type.Integer({ minimum, maximum, right: `${what} from ${minimum} to ${maximum}`, ...about }))
}

function option<Value, Given> (schema: TSchema) {
  return Type.Optional(schema) as unknown as Given extends { default: unknown } ? Defaulted<Value> : Option<Value>
}
