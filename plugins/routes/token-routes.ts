import { type TProperties, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { pageSchema, pagesSchema } from '../../src/api/list-query.js'
import { issuedTokenSchema, presentIssuedToken, presentToken, tokenSchema } from '../../src/api/resources.js'
import { CURRENT, newTokenSchema, rotateSchema, tokenChangesSchema } from '../../src/api/token-requests.js'
import type { Tokens } from '../../src/tokens/tokens-as.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'
import { readNewToken } from '../http/new-token.js'
import { paginate } from '../http/pagination.js'
import { type Guard, type ManagementOptions, noContent, operations, orNotFound, type TypedApp } from './management.js'
import type { TokenAccess } from './token-access.js'

/** Options of `tokenRoutes`. */
interface TokenRoutesOptions extends Pick<ManagementOptions, 'baseOf'> {
  tokens: Tokens
  guard: Guard
  prefixParams: TProperties
  /** Whose tokens a request is about. @throws NotFound, PermissionDenied */
  findAccess: (request: FastifyRequest) => TokenAccess | Promise<TokenAccess>
}

/** The routes that a caller's own tokens and another user's have alike. */
export default async function tokenRoutes (app: TypedApp, options: TokenRoutesOptions): Promise<void> {
  const { tokens, guard, prefixParams, findAccess, baseOf } = options
  const ofList = operations(guard, { tags: ['tokens'], params: Type.Object(prefixParams) })
  const ofOne = operations(guard, { tags: ['tokens'], params: Type.Object({ ...prefixParams, id: Type.String() }) })
  const change = ofOne('Rename, narrow, disable or enable a token', { body: tokenChangesSchema }, { 200: tokenSchema })
  const rotation = ofOne('Put a new token in the place of one', { body: rotateSchema }, { 201: issuedTokenSchema })

  app.get('/', ofList('List tokens', { querystring: pagesSchema }, { 200: pageSchema(tokenSchema) }), async (request) => {
    const { owner } = await findAccess(request)
    return await paginate(request, baseOf, async (part) => {
      const { count, tokens: found } = await tokens.list(owner, part)
      return { count, results: found.map(presentToken) }
    })
  })

  app.post('/', ofList('Make an access token', { body: newTokenSchema }, { 201: issuedTokenSchema }), async (request, reply) => {
    const { auth, owner } = await findAccess(request)
    const token = await tokens.createAs(auth, readNewToken(request.body), { owner })
    return reply.code(201).send(presentIssuedToken(token))
  })
  methodNotAllowed(app, '/', ['GET', 'POST', 'DELETE'], guard)

  app.get('/:id', ofOne('Read a token', {}, { 200: tokenSchema }), async (request) => {
    const access = await findAccess(request)
    return presentToken(orNotFound(await tokens.get(access.owner, idOf(request, access))))
  })

  app.patch('/:id', change, async (request) => {
    const access = await findAccess(request)
    const { auth, owner } = access
    return presentToken(orNotFound(await tokens.updateAs(auth, idOf(request, access), request.body, { owner })))
  })

  app.delete('/:id', ofOne('End a token, and the one that it replaced', {}, { 204: noContent }), async (request, reply) => {
    const access = await findAccess(request)
    const { auth, owner } = access
    orNotFound(await tokens.revokeAs(auth, idOf(request, access), { owner }))
    return reply.code(204).send()
  })
  methodNotAllowed(app, '/:id', ['GET', 'PATCH', 'DELETE'], guard)

  app.post('/:id/rotate', rotation, async (request, reply) => {
    const access = await findAccess(request)
    const { auth, owner } = access
    const token = orNotFound(await tokens.rotateAs(auth, idOf(request, access), { ...request.body, owner }))
    return reply.code(201).send(presentIssuedToken(token))
  })
  methodNotAllowed(app, '/:id/rotate', ['POST'], guard)
}

/** One's own token may be called by its place. */
function idOf ({ params }: FastifyRequest, { owner, caller, auth }: TokenAccess): string {
  const { id } = params as { id: string }
  return id === CURRENT && owner === caller ? auth.id : id
}
