import type { Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { isStorable } from '../../src/database/storable-text.js'
import type { Authenticator, Identity } from '../../src/identity/identity.js'
import { batchAnswerSchema, batchSchema, introspectionSchema, MAX_BATCH_BYTES, oauthErrorSchema, presentIdentified, presentIntrospection, tokenFormSchema } from '../../src/api/introspection.js'
import { errorSchema } from '../../src/api/resources.js'
import oauth from '../http/oauth.js'
import { noStore } from '../http/no-store.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'

/** Options of `introspection`. */
export interface IntrospectionOptions {
  authenticator: Authenticator
  /** The first keyword of the service: the `token_type` of its tokens. */
  keyword: string
}

/** Whoever asks needs the scope `introspect`, which an administrator's full power and scope `admin` imply. */
const config = { authtoken: { scope: 'introspect' } }
const errors = { 400: oauthErrorSchema, 401: errorSchema, 403: errorSchema, 503: errorSchema }

/** Other services ask what a token is worth: `POST /introspect` (RFC 7662), and many at once in `POST /introspect/batch`. */
const introspection: FastifyPluginAsync<IntrospectionOptions> = async (app, { authenticator, keyword }) => {
  const find = async (token: string): Promise<Identity | null> => isStorable(token) ? await authenticator.authenticate(token) : null

  await app.register(async (app: FastifyInstance) => {
    await app.register(oauth, { body: 'form', keyword })
    app.post<{ Body: Static<typeof tokenFormSchema> }>('/introspect', {
      config,
      onRequest: noStore,
      schema: {
        tags: ['verification'],
        summary: 'What a token is worth (RFC 7662)',
        consumes: ['application/x-www-form-urlencoded'],
        body: tokenFormSchema,
        response: { 200: introspectionSchema, ...errors }
      }
    }, async ({ body }) => presentIntrospection(await find(body.token), keyword))
    methodNotAllowed(app, '/introspect', ['POST'], { config, oauth: true })
  })

  await app.register(async (app: FastifyInstance) => {
    await app.register(oauth, { body: 'json', keyword })
    app.post<{ Body: Static<typeof batchSchema> }>('/introspect/batch', {
      config,
      onRequest: noStore,
      bodyLimit: MAX_BATCH_BYTES,
      schema: {
        tags: ['verification'],
        summary: 'What many tokens are worth',
        body: batchSchema,
        response: { 200: batchAnswerSchema, ...errors }
      }
    }, async ({ body: { tokens, identity = false } }) => {
      const present = identity ? presentIdentified : presentIntrospection
      return { results: (await Promise.all(tokens.map(find))).map((found) => present(found, keyword)) }
    })
    methodNotAllowed(app, '/introspect/batch', ['POST'], { config, oauth: true })
  })
}

export default introspection
