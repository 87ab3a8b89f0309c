import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type TProperties, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { Token } from '../../src/identity/identity.js'
import { pageSchema, pagesSchema } from '../../src/api/list-query.js'
import { issuedTokenSchema, presentIssuedToken, presentToken, tokenSchema } from '../../src/api/resources.js'
import { CURRENT, newTokenSchema, rotateSchema, tokenChangesSchema } from '../../src/api/token-requests.js'
import type { Tokens } from '../../src/tokens/tokens.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'
import { readNewToken } from '../http/new-token.js'
import { type Guard, noContent, operations } from '../http/operation.js'
import { orNotFound } from '../http/or-not-found.js'
import { paginate, readPage } from '../http/pagination.js'
import { checkChange, checkGrant, checkRenewal, type TokenAccess } from './token-access.js'

/** Options of `tokenRoutes`. */
interface TokenRoutesOptions {
  tokens: Tokens
  guard: Guard
  /** The parameters in the prefix. */
  prefixParams: TProperties
  /** Whose tokens a request is about. @throws NotFound, PermissionDenied */
  findAccess: (request: FastifyRequest) => TokenAccess | Promise<TokenAccess>
}

/** The routes that a caller's own tokens and another user's tokens have alike. */
const tokenRoutes: FastifyPluginAsyncTypebox<TokenRoutesOptions> = async (app, { tokens, guard, prefixParams, findAccess }) => {
  const ofList = operations(guard, { tags: ['tokens'], params: Type.Object(prefixParams) })
  const ofOne = operations(guard, { tags: ['tokens'], params: Type.Object({ ...prefixParams, id: Type.String() }) })

  app.get('/', ofList('List tokens', { querystring: pagesSchema }, { 200: pageSchema(tokenSchema) }), async (request) => {
    const { owner } = await findAccess(request)
    const { number, size } = readPage(request.query)
    const page = await tokens.list(owner, { limit: size, offset: (number - 1) * size })
    return paginate(request, { number, size, count: page.count }, page.tokens.map(presentToken))
  })

  app.post('/', ofList('Make an access token', { body: newTokenSchema }, { 201: issuedTokenSchema }), async (request, reply) => {
    const access = await findAccess(request)
    const wanted = { scope: access.auth.scope, ...readNewToken(request.body) }
    checkGrant(access, wanted.scope)
    const token = await tokens.create(access.owner, wanted, { bound: access.auth.expires })
    return reply.code(201).send(presentIssuedToken(token))
  })
  methodNotAllowed(app, '/', ['GET', 'POST', 'DELETE'], guard)

  app.get('/:id', ofOne('Read a token', {}, { 200: tokenSchema }), async (request) => {
    return presentToken(await find(await findAccess(request), request))
  })

  app.patch('/:id', ofOne('Rename, narrow, disable or enable a token', { body: tokenChangesSchema }, { 200: tokenSchema }), async (request) => {
    const { body } = request
    const access = await findAccess(request)
    const token = await find(access, request)
    checkChange(access, token)
    if (body.scope !== undefined) checkGrant(access, body.scope)
    if (body.scope !== undefined || body.disabled === false) checkRenewal(access, token)
    return presentToken(orNotFound(await tokens.update(access.owner, token.id, body)))
  })

  app.delete('/:id', ofOne('End a token, and the one that it replaced', {}, { 204: noContent }), async (request, reply) => {
    const access = await findAccess(request)
    orNotFound(await tokens.revoke(access.owner, idOf(access, request)))
    return reply.code(204).send()
  })
  methodNotAllowed(app, '/:id', ['GET', 'PATCH', 'DELETE'], guard)

  app.post('/:id/rotate', ofOne('Put a new token in the place of one', { body: rotateSchema }, { 201: issuedTokenSchema }), async (request, reply) => {
    const access = await findAccess(request)
    const token = await find(access, request)
    checkChange(access, token)
    checkRenewal(access, token)
    const bound = token.id === access.auth.id ? null : access.auth.expires
    return reply.code(201).send(presentIssuedToken(orNotFound(await tokens.rotate(access.owner, token.id, request.body, { bound }))))
  })
  methodNotAllowed(app, '/:id/rotate', ['POST'], guard)

  const find = async (access: TokenAccess, request: FastifyRequest): Promise<Token> =>
    orNotFound(await tokens.get(access.owner, idOf(access, request)))
}

/** One's own token may be called by its place. */
function idOf ({ owner, caller, auth }: TokenAccess, request: FastifyRequest): string {
  const { id } = request.params as { id: string }
  return id === CURRENT && owner === caller ? auth.id : id
}

export default tokenRoutes
