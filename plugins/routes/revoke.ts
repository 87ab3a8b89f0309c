import { type Static, Type } from '@sinclair/typebox'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { UserId } from '../../src/database/token-table-options.js'
import { idKey } from '../../src/database/changes.js'
import { type Administrators } from '../../src/identity/scope.js'
import type { Tokens } from '../../src/tokens/tokens.js'
import type { Users } from '../../src/users/users.js'
import { oauthErrorSchema, tokenFormSchema } from '../../src/api/introspection.js'
import { errorSchema } from '../../src/api/resources.js'
import { authenticated, mayAdminister } from './administrators.js'
import { noStore } from '../http/no-store.js'
import oauth from '../http/oauth.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'

/** Options of `revoke`. */
export interface RevokeOptions {
  users: Pick<Users, 'findById'>
  tokens: Pick<Tokens, 'locate' | 'revoke'>
  keyword: string
  /** Who may end other users' tokens. Staff can't end a superuser's. @default 'superuser' */
  administrators?: Administrators
}

/** `POST /revoke` (RFC 7009): whoever has a token of its own in hand may end it; an administrator any. */
const revoke: FastifyPluginAsync<RevokeOptions> = async (app, { users, tokens, keyword, administrators = 'superuser' }) => {
  await app.register(oauth, { body: 'form', keyword })

  app.post<{ Body: Static<typeof tokenFormSchema> }>('/revoke', {
    config: authenticated,
    onRequest: noStore,
    schema: {
      tags: ['verification'],
      summary: 'End a token (RFC 7009)',
      description: 'The answer is the same for a token that is not there, or not the caller\'s.',
      consumes: ['application/x-www-form-urlencoded'],
      body: tokenFormSchema,
      response: { 200: Type.Null(), 400: oauthErrorSchema, 401: errorSchema, 503: errorSchema }
    }
  }, async (request, reply) => {
    const found = await tokens.locate(request.body.token)
    if (found !== null && await mayEnd(request, found.owner.id)) await tokens.revoke(found.owner, found.id, request.body.token)
    return reply.send()
  })
  methodNotAllowed(app, '/revoke', ['POST'], { config: authenticated, oauth: true })

  async function mayEnd ({ user, auth }: FastifyRequest, ownerId: UserId): Promise<boolean> {
    if (user === null || auth === null) return false
    if (idKey(auth.userId) === idKey(ownerId)) return true
    if (!mayAdminister({ user, auth }, administrators)) return false
    return user.isSuperuser || (await users.findById(ownerId))?.isSuperuser === false
  }
}

export default revoke
