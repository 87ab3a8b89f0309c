import fp from 'fastify-plugin'
import { parse } from 'secure-json-parse'
import { ParseError } from '../../src/errors.js'

/** JSON bodies alone; an empty one is an empty object, as in DRF, and no parser's message quotes what was sent. */
export default fp(async (app) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? {} : parse(body as string, null, { protoAction: 'remove', constructorAction: 'remove' }))
    } catch {
      done(new ParseError('JSON', 'the body is not valid JSON.'))
    }
  })
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined) request.body = {}
    done()
  })
}, { name: 'authtoken-json-body', fastify: '5.x' })
