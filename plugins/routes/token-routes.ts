import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { insufficientScope, NotFound, PermissionDenied, ScopeNotGranted } from '../../src/errors.js'
import type { DjangoUser as User, Token } from '../../src/identity/identity.js'
import { type Administrators, covers, isAdministrator, mayGrant, TOKENS_SCOPE } from '../../src/identity/scope.js'
import type { Tokens } from '../../src/tokens/tokens.js'
import type { Users } from '../../src/users/users.js'
import { pageSchema, type PagesQuery, pagesSchema } from '../../src/api/list-query.js'
import { errorSchema, fieldErrorsSchema, issuedTokenSchema, presentIssuedToken, presentToken, tokenSchema } from '../../src/api/resources.js'
import { CURRENT, type KeepQuery, keepSchema, type NewTokenRequest, newTokenSchema, type RotateRequest, rotateSchema, type TokenChangesRequest, tokenChangesSchema } from '../../src/api/token-requests.js'
import { administratorsOnly, authenticated, findUser } from './administrators.js'
import { drfValidatorCompiler } from '../http/drf-validation.js'
import { readNewToken } from '../http/new-token.js'
import { noStore } from '../http/no-store.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'
import { paginate, readPage } from '../http/pagination.js'
import type { Auth } from '../caller.js'

/** Options of `tokens`. */
export interface TokensOptions {
  users: Pick<Users, 'findByUsername'>
  tokens: Tokens
  /** Who administers other users' tokens. Staff can't touch a superuser's. @default 'superuser' */
  administrators?: Administrators
}

/** Who asks, and whose tokens it is about. */
interface Call {
  owner: User
  caller: User
  auth: Auth
}

const errors = { 400: fieldErrorsSchema, 401: errorSchema, 403: errorSchema, 404: errorSchema, 409: errorSchema }

/** The caller's own tokens, and for administrators the tokens of each user. */
const tokens: FastifyPluginAsync<TokensOptions> = async (app, { users, tokens, administrators = 'superuser' }) => {
  app.setValidatorCompiler(drfValidatorCompiler)
  app.addHook('onRequest', noStore)

  await app.register(own, { prefix: '/tokens' })
  await app.register(ofUsers, { prefix: '/users/:username/tokens' })

  async function own (app: FastifyInstance): Promise<void> {
    // Who may not manage tokens may log out all the same.
    app.delete(`/${CURRENT}`, {
      config: authenticated,
      schema: { tags: ['tokens'], summary: 'Log out: end the token that asks', response: { 204: Type.Null(), 401: errorSchema } }
    }, async (request, reply) => {
      const { owner, auth } = ownCall(request)
      await tokens.revoke(owner, auth.id)
      return reply.code(204).send()
    })

    const route = { config: authenticated, onRequest: [managersOnly] }
    app.delete<{ Querystring: KeepQuery }>('/', {
      ...route,
      schema: { tags: ['tokens'], summary: 'Log out everywhere: end all tokens, the DRF token too', querystring: keepSchema, response: { 204: Type.Null(), ...errors } }
    }, async (request, reply) => {
      const { owner, auth } = ownCall(request)
      await tokens.revokeAll(owner, request.query.keep === undefined ? {} : { keep: auth.id })
      return reply.code(204).send()
    })

    declare(app, route, ['DELETE'], async (request) => ownCall(request))
  }

  async function ofUsers (app: FastifyInstance): Promise<void> {
    const route = { config: authenticated, onRequest: [administratorsOnly(administrators)] }
    const findCall = async (request: FastifyRequest): Promise<Call> => {
      const { owner: caller, auth } = ownCall(request)
      const owner = await findUser(users, (request.params as { username: string }).username)
      if (owner.isSuperuser && !caller.isSuperuser) throw new PermissionDenied()
      return { owner, caller, auth }
    }
    app.delete('/', {
      ...route,
      schema: { tags: ['tokens'], summary: 'End all of a user\'s tokens, the DRF token too', params: Type.Object({ username: Type.String() }), querystring: Type.Object({}, { additionalProperties: false }), response: { 204: Type.Null(), ...errors } }
    }, async (request, reply) => {
      await tokens.revokeAll((await findCall(request)).owner)
      return reply.code(204).send()
    })
    declare(app, route, ['DELETE'], findCall)
  }

  /** The routes that both have. */
  function declare (app: FastifyInstance, route: { config: typeof authenticated, onRequest: onRequestHookHandler[] }, more: string[], findCall: (request: FastifyRequest) => Promise<Call>): void {
    const names = app.prefix.match(/:\w+/g)?.map((name) => name.slice(1)) ?? []
    const params = (...own: string[]) => Type.Object(Object.fromEntries([...names, ...own].map((name) => [name, Type.String()])))
    const list = { ...route, schema: { tags: ['tokens'], ...(names.length > 0 && { params: params() }) } }
    const one = { ...route, schema: { tags: ['tokens'], params: params('id') } }

    app.get<{ Querystring: PagesQuery }>('/', {
      ...list,
      schema: { ...list.schema, summary: 'List tokens', querystring: pagesSchema, response: { 200: pageSchema(tokenSchema), ...errors } }
    }, async (request) => {
      const { owner } = await findCall(request)
      const { number, size } = readPage(request.query)
      const page = await tokens.list(owner, { limit: size, offset: (number - 1) * size })
      return paginate(request, { number, size, count: page.count }, page.tokens.map(presentToken))
    })

    app.post<{ Body: NewTokenRequest }>('/', {
      ...list,
      schema: { ...list.schema, summary: 'Make an access token', body: newTokenSchema, response: { 201: issuedTokenSchema, ...errors } }
    }, async (request, reply) => {
      const call = await findCall(request)
      const wanted = { scope: call.auth.scope, ...readNewToken(request.body) }
      mayMake(call, wanted.scope)
      return created(reply, await tokens.create(call.owner, wanted, { bound: call.auth.expires }))
    })
    methodNotAllowed(app, '/', ['GET', 'POST', ...more], route)

    app.get('/:id', {
      ...one,
      schema: { ...one.schema, summary: 'Read a token', response: { 200: tokenSchema, ...errors } }
    }, async (request) => presentToken(await find(await findCall(request), request)))

    app.patch<{ Body: TokenChangesRequest }>('/:id', {
      ...one,
      schema: { ...one.schema, summary: 'Rename, narrow, disable or enable a token', body: tokenChangesSchema, response: { 200: tokenSchema, ...errors } }
    }, async (request) => {
      const call = await findCall(request)
      const token = await find(call, request)
      mayTouch(call, token)
      if (request.body.scope !== undefined) mayMake(call, request.body.scope)
      const isRenewed = request.body.scope !== undefined || request.body.disabled === false
      if (isRenewed && token.id !== call.auth.id && outlives(token, call.auth)) throw new PermissionDenied()
      return presentToken(present(await tokens.update(call.owner, token.id, request.body)))
    })

    app.delete('/:id', {
      ...one,
      schema: { ...one.schema, summary: 'End a token, and the one that it replaced', response: { 204: Type.Null(), ...errors } }
    }, async (request, reply) => {
      const call = await findCall(request)
      if (!await tokens.revoke(call.owner, idOf(call, request))) throw notFound()
      return reply.code(204).send()
    })
    methodNotAllowed(app, '/:id', ['GET', 'PATCH', 'DELETE'], route)

    app.post<{ Body: RotateRequest }>('/:id/rotate', {
      ...one,
      schema: { ...one.schema, summary: 'Put a new token in the place of one', body: rotateSchema, response: { 201: issuedTokenSchema, ...errors } }
    }, async (request, reply) => {
      const call = await findCall(request)
      const token = await find(call, request)
      mayTouch(call, token)
      const isOther = token.id !== call.auth.id
      if (isOther && outlives(token, call.auth)) throw new PermissionDenied()
      return created(reply, present(await tokens.rotate(call.owner, token.id, request.body, { bound: isOther ? call.auth.expires : null })))
    })
    methodNotAllowed(app, '/:id/rotate', ['POST'], route)
  }

  const powerOf = ({ caller, auth }: Call) => ({ scope: auth.scope, administrator: isAdministrator(caller, administrators) })

  /** A token never makes one that may do more than itself. */
  function mayMake (call: Call, scope: string): void {
    if (!mayGrant(powerOf(call), scope)) throw new ScopeNotGranted()
  }

  /** A token changes and renews itself, and those that may do no more. */
  function mayTouch (call: Call, token: Token): void {
    if (token.id !== call.auth.id && !covers(powerOf(call), token.scope)) throw new ScopeNotGranted()
  }

  async function find (call: Call, request: FastifyRequest): Promise<Token> {
    return present(await tokens.get(call.owner, idOf(call, request)))
  }
}

const managersOnly: onRequestHookHandler = ({ auth }, _reply, done) => {
  done(auth?.hasScope(TOKENS_SCOPE) === true ? undefined : insufficientScope(TOKENS_SCOPE))
}

function ownCall ({ user, auth }: FastifyRequest): Call {
  if (user === null || auth === null) throw new PermissionDenied()
  return { owner: user, caller: user, auth }
}

/** One's own token may be called by its place. */
function idOf ({ owner, caller, auth }: Call, request: FastifyRequest): string {
  const { id } = request.params as { id: string }
  return id === CURRENT && owner === caller ? auth.id : id
}

const outlives = (token: Token, auth: Token): boolean => auth.expires !== null && (token.expires === null || token.expires > auth.expires)

function present<T> (found: T | null): T {
  if (found === null) throw notFound()
  return found
}

const notFound = () => new NotFound('Not found.')

const created = (reply: FastifyReply, token: Parameters<typeof presentIssuedToken>[0]): FastifyReply => reply.code(201).send(presentIssuedToken(token))

export default tokens
