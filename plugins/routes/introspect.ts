import type { Static } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { isStorable } from '../../src/database/storable-text.js'
import type { Authenticator, Identity } from '../../src/identity/identity.js'
import { batchAnswerSchema, batchSchema, introspectionSchema, MAX_BATCH_BYTES, oauthErrorSchema } from '../../src/api/introspection.js'
import { presentIdentified, presentIntrospection, tokenFormSchema } from '../../src/api/introspection.js'
import { errorSchema } from '../../src/api/resources.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'
import oauth from '../http/oauth.js'

/** Options of `introspect`: the keyword is the `token_type` of tokens. */
interface IntrospectOptions {
  authenticator: Authenticator
  keyword: string
}

// An administrator's full power and scope `admin` imply it.
const config = { authtoken: { scope: 'introspect' } }
const tags = ['verification']
const errors = { 400: oauthErrorSchema, 401: errorSchema, 403: errorSchema, 503: errorSchema }

/** Other services ask what a token is worth: `POST /introspect` (RFC 7662), and many at once in `POST /introspect/batch`. */
export default async function introspect (app: FastifyInstance, { authenticator, keyword }: IntrospectOptions): Promise<void> {
  const find = async (token: string): Promise<Identity | null> => isStorable(token) ? await authenticator.authenticate(token) : null

  await app.register(async (app: FastifyInstance) => {
    await app.register(oauth, { body: 'form' })
    app.post<{ Body: Static<typeof tokenFormSchema> }>('/introspect', {
      config,
      schema: {
        tags,
        summary: 'What a token is worth (RFC 7662)',
        consumes: ['application/x-www-form-urlencoded'],
        body: tokenFormSchema,
        response: { 200: introspectionSchema, ...errors }
      }
    }, async ({ body }) => presentIntrospection(await find(body.token), keyword))
    methodNotAllowed(app, '/introspect', ['POST'], { config, oauth: true })
  })

  await app.register(async (app: FastifyInstance) => {
    await app.register(oauth, { body: 'json' })
    app.post<{ Body: Static<typeof batchSchema> }>('/introspect/batch', {
      config,
      bodyLimit: MAX_BATCH_BYTES,
      schema: { tags, summary: 'What many tokens are worth', body: batchSchema, response: { 200: batchAnswerSchema, ...errors } }
    }, async ({ body: { tokens, identity = false } }) => {
      const present = identity ? presentIdentified : presentIntrospection
      return { results: (await Promise.all(tokens.map(find))).map((found) => present(found, keyword)) }
    })
    methodNotAllowed(app, '/introspect/batch', ['POST'], { config, oauth: true })
  })
}
