import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors'
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { invalidRequest } from '../../src/errors.js'
import { formFields, MAX_FIELDS } from './form-body.js'
import { jsonParser } from './json-body.js'
import { validatorCompiler } from './validation.js'

const TYPES = { form: 'application/x-www-form-urlencoded', json: 'application/json' }

/** Bodies of one type, and what is wrong with a request in the words of OAuth 2.0 (RFC 6749 section 5.2). None repeats what was sent. */
async function oauth (app: FastifyInstance, { body }: { body: 'form' | 'json' }): Promise<void> {
  const parseJson = jsonParser(app, () => invalidRequest('The body is not valid JSON.'))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(TYPES[body], { parseAs: 'string' }, async (request: FastifyRequest, text: string) =>
    body === 'form' ? parseForm(text) : await parseJson(request, text))
  app.setValidatorCompiler(validatorCompiler((errors) => invalidRequest(describe(errors.First() as ValueError))))
  app.setErrorHandler((error: FastifyError) => {
    if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') throw invalidRequest(`The body must be ${TYPES[body]}.`)
    if (!String(error.code).startsWith('FST_ERR_CTP_')) throw error
    throw invalidRequest('The body is too large, or not as long as it says.', error.statusCode)
  })
}

/** @throws InvalidRequest where there are too many parameters, or one is given twice (RFC 6749 section 3.2) */
function parseForm (text: string): object {
  const pairs = formFields(text)
  if (pairs === null) throw invalidRequest(`The body may have ${MAX_FIELDS} parameters at most.`)
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw invalidRequest('A parameter may be given once.')
  return Object.assign(Object.create(null), Object.fromEntries(pairs))
}

function describe ({ type, path, schema }: ValueError): string {
  if (type === ValueErrorType.ObjectAdditionalProperties) return 'The body holds a field that is not known.'
  const [name = '', index] = path.slice(1).split('/')
  const subject = name === '' ? 'The body' : index === undefined ? name : `${name}[${index}]`
  return `${subject} must be ${schema.right}.`
}

export default fp(oauth, { name: 'authtoken-oauth', fastify: '5.x' })
