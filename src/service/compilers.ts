import { createRequire } from 'node:module'
import type { FastifyServerOptions } from 'fastify'
import { drfValidatorCompiler } from '../../plugins/http/drf-validation.js'

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>
type BuildSerializer = (schemas: unknown, options: unknown) => (route: unknown) => (value: unknown) => string

const require = createRequire(import.meta.url)

/**
 * Validators by TypeBox, so that Fastify does not load Ajv; and Fastify's serializers, loaded and compiled at the first answer
 * that needs them: at the start they would take longer than the rest of the routes. Their standalone mode would need a build
 * that starts the service to learn its routes. What Fastify calls and what its types say differ.
 */
export const compilersFactory = {
  buildValidator: () => drfValidatorCompiler,
  buildSerializer: (schemas, options) => (route) => {
    let serialize: ReturnType<ReturnType<BuildSerializer>> | undefined
    return (value) => (serialize ??= loadSerializers()(schemas, options)(route))(value)
  }
} as { buildValidator: unknown, buildSerializer: BuildSerializer } as CompilersFactory

const loadSerializers = (): BuildSerializer => require('@fastify/fast-json-stringify-compiler')()
