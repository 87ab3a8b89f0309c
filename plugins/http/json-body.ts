import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ParseError } from '../../src/errors.js'
import { jsonParser } from './json-parser.js'

/** JSON bodies alone. An empty one, which Fastify's own parser refuses, is an empty object, as in DRF. */
export default fp(async (app) => {
  const parse = jsonParser(app, () => new ParseError('JSON', 'the body is not valid JSON.'))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, async (request: FastifyRequest, text: string) =>
    text === '' ? {} : await parse(request, text))
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined) request.body = {}
    done()
  })
}, { name: 'authtoken-json-body', fastify: '5.x' })
