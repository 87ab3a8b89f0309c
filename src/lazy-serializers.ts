import SerializerSelector from '@fastify/fast-json-stringify-compiler'

type Factory = ReturnType<typeof SerializerSelector>

/**
 * Fastify's serializers, each compiled at the first answer that needs it: at the start they would take longer than all the rest
 * of the routes. For `schemaController.compilersFactory.buildSerializer`.
 */
export const buildLazySerializers: Factory = (schemas, options) => {
  const compile = SerializerSelector()(schemas, options)
  return (route) => {
    let serialize: ReturnType<typeof compile> | undefined
    return (data) => (serialize ??= compile(route))(data)
  }
}
