import { createRequire } from 'node:module'
import type ValidatorSelector from '@fastify/ajv-compiler'
import type SerializerSelector from '@fastify/fast-json-stringify-compiler'

// What Fastify calls and what its types say differ: a route is handed over, and a function of one value comes back.
type Validate = ((value: unknown) => unknown) & { errors?: unknown }
type BuildValidator = ReturnType<typeof ValidatorSelector>
type BuildSerializer = ReturnType<typeof SerializerSelector>
type Serialize = (value: unknown) => string

const require = createRequire(import.meta.url)
const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined
  return () => (made ??= make())
}

const buildValidator = once(() => (require('@fastify/ajv-compiler') as typeof ValidatorSelector)())
const buildSerializer = once(() => (require('@fastify/fast-json-stringify-compiler') as typeof SerializerSelector)())

/**
 * Fastify's validators and serializers, each loaded and compiled at the first request that needs it: at the start they would
 * take longer than all the rest of the routes. For `schemaController.compilersFactory`.
 */
export const lazyCompilers = {
  buildValidator: ((schemas, options) => {
    const compiler = once(() => buildValidator()(schemas, options) as (route: unknown) => Validate)
    return (route: unknown) => {
      const validator = once(() => compiler()(route))
      const validate: Validate = (value) => {
        const result = validator()(value)
        validate.errors = validator().errors
        return result
      }
      return validate
    }
  }) as BuildValidator,

  buildSerializer: ((schemas, options) => {
    const compiler = once(() => buildSerializer()(schemas, options) as (route: unknown) => Serialize)
    return (route: unknown) => {
      const serializer = once(() => compiler()(route))
      return (value: unknown) => serializer()(value)
    }
  }) as BuildSerializer
}
