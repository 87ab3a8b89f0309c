import { promisify } from 'node:util'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type AuthtokenError, ParseError } from '../../src/errors.js'

type Parse = (request: FastifyRequest, text: string, done: (error: Error | null, value?: unknown) => void) => void

/** Fastify's own JSON parser, which drops the keys that change prototypes. @param refuse in place of its error, which quotes the body */
export function jsonParser (app: FastifyInstance, refuse = (): AuthtokenError => new ParseError('JSON', 'the body is not valid JSON.')) {
  const parse = promisify(app.getDefaultJsonParser('remove', 'remove') as Parse)
  return (request: FastifyRequest, text: string): Promise<unknown> => parse(request, text).catch(() => { throw refuse() })
}

/** JSON bodies alone. An empty one, which Fastify's parser refuses, is an empty object, as in DRF. */
export default fp(async (app) => {
  const parse = jsonParser(app)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, async (request: FastifyRequest, text: string) =>
    text === '' ? {} : await parse(request, text))
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined) request.body = {}
    done()
  })
}, { name: 'authtoken-json-body', fastify: '5.x' })
