import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors'
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { invalidRequest } from '../../src/errors.js'
import { sendDrfError } from './drf-errors.js'
import { jsonParser } from './json-parser.js'
import { validatorCompiler } from './validator-compiler.js'

/** Options of `oauth`. */
interface OauthOptions {
  /** What the bodies of the scope are. */
  body: 'form' | 'json'
  /** The challenge of a 401. */
  keyword: string
}

const TYPES = { form: 'application/x-www-form-urlencoded', json: 'application/json' }

/**
 * Bodies of one type, and what is wrong with a request as OAuth 2.0 says it (RFC 6749 section 5.2), for the scope in which
 * it is registered. No message repeats what was sent.
 */
async function oauth (app: FastifyInstance, { body, keyword }: OauthOptions): Promise<void> {
  const parseJson = jsonParser(app, () => invalidRequest('The body is not valid JSON.'))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(TYPES[body], { parseAs: 'string' }, async (request: FastifyRequest, text: string) =>
    body === 'form' ? parseForm(text) : await parseJson(request, text))
  app.setValidatorCompiler(validatorCompiler((errors) => invalidRequest(describe(errors.First() as ValueError))))
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    if (!String(error.code).startsWith('FST_ERR_CTP_')) throw error
    const answer = error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE'
      ? invalidRequest(`The body must be ${TYPES[body]}.`)
      : invalidRequest('The body is too large, or not as long as it says.', error.statusCode)
    return sendDrfError(answer, reply, keyword)
  })
}

/** @throws InvalidRequest where a parameter is given twice (RFC 6749 section 3.2) */
function parseForm (text: string): object {
  const pairs = [...new URLSearchParams(text)]
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
