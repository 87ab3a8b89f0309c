import { promisify } from 'node:util'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AuthtokenError } from '../../src/errors.js'

type DefaultParser = (request: FastifyRequest, text: string, done: (error: Error | null, value?: unknown) => void) => void

/** Fastify's own JSON parser, without the keys that change prototypes. @throws what `refuse` makes: the parser's own error quotes the body */
export function jsonParser (app: FastifyInstance, refuse: () => AuthtokenError): (request: FastifyRequest, text: string) => Promise<unknown> {
  const parse = promisify(app.getDefaultJsonParser('remove', 'remove') as DefaultParser)
  return (request, text) => parse(request, text).catch(() => { throw refuse() })
}
