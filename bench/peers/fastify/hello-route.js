import Fastify from 'fastify'

/** What the route answers. */
export const BODY = { hello: 'world' }

/** A Fastify application as all contestants have it. */
export const createApp = () => Fastify({ logger: false })

/**
 * The route that all contestants on Fastify serve.
 * @param options of the route: what each has of its own
 */
export function addRoute (app, options = {}) {
  app.get('/', {
    schema: { response: { 200: { type: 'object', properties: { hello: { type: 'string' } } } } },
    ...options
  }, async () => BODY)
}

/**
 * Listens on a free port of the loopback, and tells whoever started the process where, in a line of JSON.
 * @param authorization the header that the load must send, where it was made here
 */
export async function listen (app, authorization) {
  await app.listen({ host: '127.0.0.1', port: 0 })
  console.log(JSON.stringify({ port: app.server.address().port, pid: process.pid, authorization }))
}
