import type { FastifyRequest } from 'fastify'
import type { UserId } from '../../src/database/user-id.js'
import { idKey } from '../../src/database/user-id.js'
import { oauthErrorSchema, tokenFormSchema } from '../../src/api/introspection.js'
import { errorSchema } from '../../src/api/resources.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'
import oauth from '../http/oauth.js'
import { authenticated as config, callerOf, mayAdminister } from './guards.js'
import { type ManagementOptions, noContent, type TypedApp } from './management.js'

/** `POST /revoke` (RFC 7009): whoever has a token of its own in hand may end it; an administrator any. */
export default async function revoke (app: TypedApp, { users, tokens, administrators }: ManagementOptions): Promise<void> {
  await app.register(oauth, { body: 'form' })

  app.post('/revoke', {
    config,
    schema: {
      tags: ['verification'],
      summary: 'End a token (RFC 7009)',
      description: 'The answer is the same for a token that is not there, or not the caller\'s.',
      consumes: ['application/x-www-form-urlencoded'],
      body: tokenFormSchema,
      response: { 200: noContent, 400: oauthErrorSchema, 401: errorSchema, 503: errorSchema }
    }
  }, async (request, reply) => {
    const found = await tokens.locate(request.body.token)
    if (found !== null && await mayEnd(request, found.owner.id)) {
      await tokens.revokeAs(request.auth, found.id, { owner: found.owner, key: request.body.token })
    }
    return reply.code(200).send()
  })
  methodNotAllowed(app, '/revoke', ['POST'], { config, oauth: true })

  async function mayEnd (request: FastifyRequest, ownerId: UserId): Promise<boolean> {
    const { user, auth } = callerOf(request)
    if (idKey(auth.userId) === idKey(ownerId)) return true
    if (!mayAdminister({ user, auth }, administrators)) return false
    return user.isSuperuser || (await users.findById(ownerId))?.isSuperuser === false
  }
}
