import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { errorSchema } from '../../src/api/resources.js'
import { CURRENT, keepSchema } from '../../src/api/token-requests.js'
import type { Administrators } from '../../src/identity/scope.js'
import type { Tokens } from '../../src/tokens/tokens.js'
import { noStore } from '../http/no-store.js'
import { noContent, operations } from '../http/operation.js'
import { authenticated, tokenManagers } from './guards.js'
import { ownAccess } from './token-access.js'
import tokenRoutes from './token-routes.js'

/** The caller's own tokens. */
const ownTokens: FastifyPluginAsyncTypebox<{ tokens: Tokens, administrators: Administrators }> = async (app, { tokens, administrators }) => {
  const findAccess = (request: FastifyRequest) => ownAccess(request, administrators)
  app.addHook('onRequest', noStore)

  // Who may not manage tokens may log out all the same.
  app.delete(`/${CURRENT}`, {
    config: authenticated,
    schema: { tags: ['tokens'], summary: 'Log out: end the token that asks', response: { 204: noContent, 401: errorSchema } }
  }, async (request, reply) => {
    const { owner, auth } = findAccess(request)
    await tokens.revoke(owner, auth.id)
    return reply.code(204).send()
  })

  const ofList = operations(tokenManagers, { tags: ['tokens'], querystring: keepSchema })
  app.delete('/', ofList('Log out everywhere: end all tokens, the DRF token too', {}, { 204: noContent }), async (request, reply) => {
    const { owner, auth } = findAccess(request)
    await tokens.revokeAll(owner, request.query.keep === undefined ? {} : { keep: auth.id })
    return reply.code(204).send()
  })

  await app.register(tokenRoutes, { tokens, guard: tokenManagers, prefixParams: {}, findAccess })
}

export default ownTokens
