import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { PermissionDenied } from '../../src/errors.js'
import type { Administrators } from '../../src/identity/scope.js'
import type { Tokens } from '../../src/tokens/tokens.js'
import type { Accounts } from '../../src/users/accounts.js'
import { noStore } from '../http/no-store.js'
import { noContent, operations } from '../http/operation.js'
import { orNotFound } from '../http/or-not-found.js'
import { administratorsOnly } from './guards.js'
import { ownAccess, type TokenAccess } from './token-access.js'
import tokenRoutes from './token-routes.js'

/** Options of `userTokens`. */
interface UserTokensOptions {
  users: Pick<Accounts, 'findByUsername'>
  tokens: Tokens
  /** Who administers tokens. Staff can't touch a superuser's. */
  administrators: Administrators
}

const prefixParams = { username: Type.String() }

/** The tokens of the user whose name is in the prefix, for administrators. */
const userTokens: FastifyPluginAsyncTypebox<UserTokensOptions> = async (app, { users, tokens, administrators }) => {
  const guard = administratorsOnly(administrators)
  const ofList = operations(guard, { tags: ['tokens'], params: Type.Object(prefixParams) })
  const querystring = Type.Object({}, { additionalProperties: false })
  app.addHook('onRequest', noStore)

  app.delete('/', ofList("End all of a user's tokens, the DRF token too", { querystring }, { 204: noContent }), async (request, reply) => {
    await tokens.revokeAll((await findAccess(request)).owner)
    return reply.code(204).send()
  })
  await app.register(tokenRoutes, { tokens, guard, prefixParams, findAccess })

  async function findAccess (request: FastifyRequest): Promise<TokenAccess> {
    const access = ownAccess(request, administrators)
    const owner = orNotFound(await users.findByUsername((request.params as { username: string }).username))
    if (owner.isSuperuser && !access.caller.isSuperuser) throw new PermissionDenied()
    return { ...access, owner }
  }
}

export default userTokens
