import type { TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors'
import type { FastifyError, FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { parse } from 'secure-json-parse'
import { invalidRequest } from '../../src/errors.js'
import { sendDrfError } from './drf-errors.js'

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
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(TYPES[body], { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, PARSERS[body](text as string))
    } catch {
      done(invalidRequest(body === 'form' ? 'A parameter may be given once.' : 'The body is not valid JSON.'))
    }
  })
  app.setValidatorCompiler(({ schema }) => {
    const compiled = TypeCompiler.Compile(schema as TSchema)
    return (value: unknown) => compiled.Check(value) ? { value } : { error: invalidRequest(describe(compiled.Errors(value).First() as ValueError)) }
  })
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const { code, statusCode } = error
    if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return sendDrfError(invalidRequest(`The body must be ${TYPES[body]}.`), reply, keyword)
    if (String(code).startsWith('FST_ERR_CTP_')) return sendDrfError(invalidRequest('The body is too large, or not as long as it says.', statusCode), reply, keyword)
    throw error
  })
}

const PARSERS = {
  /** @throws where a parameter is given twice (RFC 6749 section 3.2) */
  form (text: string): unknown {
    const pairs = [...new URLSearchParams(text)]
    if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new SyntaxError()
    return Object.assign(Object.create(null), Object.fromEntries(pairs))
  },
  json: (text: string): unknown => parse(text, null, { protoAction: 'remove', constructorAction: 'remove' })
}

function describe ({ type, path, schema }: ValueError): string {
  if (type === ValueErrorType.ObjectAdditionalProperties) return 'The body holds a field that is not known.'
  const [name = '', index] = path.slice(1).split('/')
  const subject = name === '' ? 'The body' : index === undefined ? name : `${name}[${index}]`
  return `${subject} must be ${schema.right}.`
}

export default fp(oauth, { name: 'authtoken-oauth', fastify: '5.x' })
