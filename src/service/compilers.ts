import { createRequire } from 'node:module'
import type { FastifyServerOptions } from 'fastify'
import { drfValidatorCompiler } from '../../plugins/http/validation.js'

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>
type BuildSerializer = (schemas: unknown, options: unknown) => (route: unknown) => (value: unknown) => string

const require = createRequire(import.meta.url)

/**
 * TypeBox's validators, so that Ajv is not loaded; and Fastify's serializers, each compiled at the first answer that needs it: at
 * the start that takes longer than all else. Their standalone mode needs a build that starts the service to learn its routes.
 */
export const compilersFactory = {
  buildValidator: () => drfValidatorCompiler,
  buildSerializer: (schemas, options) => (route) => {
    let serialize: ReturnType<ReturnType<BuildSerializer>> | undefined
    return (value) => (serialize ??= loadSerializers()(schemas, options)(route))(value)
  }
} as { buildValidator: unknown, buildSerializer: BuildSerializer } as CompilersFactory

const loadSerializers = (): BuildSerializer => require('@fastify/fast-json-stringify-compiler')()
