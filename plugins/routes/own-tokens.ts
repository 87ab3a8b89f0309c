import { errorSchema } from '../../src/api/resources.js'
import { CURRENT, keepSchema } from '../../src/api/token-requests.js'
import { authenticated, callerOf, tokenManagers } from './guards.js'
import { type ManagementOptions, noContent, operations, type TypedApp } from './management.js'
import { ownAccess } from './token-access.js'
import tokenRoutes from './token-routes.js'

const logOut = { tags: ['tokens'], summary: 'Log out: end the token that asks', response: { 204: noContent, 401: errorSchema } }

/** The caller's own tokens. */
export default async function ownTokens (app: TypedApp, { tokens, baseOf }: ManagementOptions): Promise<void> {
  const ofList = operations(tokenManagers, { tags: ['tokens'], querystring: keepSchema })

  // Who may not manage tokens may log out all the same.
  app.delete(`/${CURRENT}`, { config: authenticated, schema: logOut }, async (request, reply) => {
    const { auth } = callerOf(request)
    await tokens.revokeAs(auth, auth.id)
    return reply.code(204).send()
  })

  app.delete('/', ofList('Log out everywhere: end all tokens, the DRF token too', {}, { 204: noContent }), async (request, reply) => {
    const { auth } = callerOf(request)
    await tokens.revokeAllAs(auth, request.query.keep === undefined ? {} : { keep: auth.id })
    return reply.code(204).send()
  })

  await app.register(tokenRoutes, { tokens, guard: tokenManagers, prefixParams: {}, findAccess: ownAccess, baseOf })
}
