import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { PermissionDenied } from '../../src/errors.js'
import { administratorsOnly, mayAdministerAll } from './guards.js'
import { type ManagementOptions, noContent, operations, orNotFound, type TypedApp } from './management.js'
import { ownAccess, type TokenAccess } from './token-access.js'
import tokenRoutes from './token-routes.js'

const prefixParams = { username: Type.String() }
const querystring = Type.Object({}, { additionalProperties: false })

/** The tokens of the user whose name is in the prefix, for administrators. */
export default async function userTokens (app: TypedApp, options: ManagementOptions): Promise<void> {
  const { users, tokens, administrators, baseOf } = options
  const guard = administratorsOnly(administrators)
  const ofList = operations(guard, { tags: ['tokens'], params: Type.Object(prefixParams), querystring })

  app.delete('/', ofList("End all of a user's tokens, the DRF token too", {}, { 204: noContent }), async (request, reply) => {
    const { auth, owner } = await findAccess(request)
    await tokens.revokeAllAs(auth, { owner })
    return reply.code(204).send()
  })
  await app.register(tokenRoutes, { tokens, guard, prefixParams, findAccess, baseOf })

  async function findAccess (request: FastifyRequest): Promise<TokenAccess> {
    const access = ownAccess(request)
    const owner = orNotFound(await users.findByUsername((request.params as { username: string }).username))
    if (owner.isSuperuser && !mayAdministerAll({ user: access.caller, auth: access.auth })) throw new PermissionDenied()
    return { ...access, owner }
  }
}
