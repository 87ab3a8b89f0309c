import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { NotFound, PermissionDenied } from '../../src/errors.js'
import type { DjangoUser as User } from '../../src/identity/identity.js'
import type { Administrators } from '../../src/identity/scope.js'
import type { Users, UserChanges } from '../../src/users/users.js'
import { pageSchema } from '../../src/api/list-query.js'
import { errorSchema, fieldErrorsSchema, meSchema, presentToken, presentUser, userSchema } from '../../src/api/resources.js'
import { type NewUserRequest, newUserSchema, type UserChangesRequest, userChangesSchema, type UsersQuery, usersQuerySchema } from '../../src/api/user-requests.js'
import { administratorsOnly, authenticated, findUser } from './administrators.js'
import { drfValidatorCompiler } from '../http/drf-validation.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'
import { paginate, readPage } from '../http/pagination.js'

/** Options of `users`. */
export interface UsersOptions {
  users: Users
  /**
   * Who administers users. Staff can't change a superuser, nor anybody's flags.
   * @default 'superuser'
   */
  administrators?: Administrators
}

const paramsSchema = Type.Object({ username: Type.String() })

/** Who am I, for everybody; the users, for administrators. */
const users: FastifyPluginAsync<UsersOptions> = async (app, options) => {
  app.setValidatorCompiler(drfValidatorCompiler)
  await app.register(me, { prefix: '/users/me' })
  await app.register(administration, { ...options, prefix: '/users' })
}

async function me (app: FastifyInstance): Promise<void> {
  app.get('/', {
    config: authenticated,
    schema: {
      tags: ['users'],
      summary: 'Who am I',
      response: { 200: meSchema, 401: errorSchema }
    }
  }, async ({ user, auth }) => {
    if (user === null || auth === null) throw new PermissionDenied()
    return { ...presentUser(user), token: presentToken(auth) }
  })
  methodNotAllowed(app, '/', ['GET'], { config: authenticated })
}

async function administration (app: FastifyInstance, { users, administrators = 'superuser' }: UsersOptions): Promise<void> {
  const route = { config: authenticated, onRequest: [administratorsOnly(administrators)] }
  const errors = { 400: fieldErrorsSchema, 401: errorSchema, 403: errorSchema, 404: errorSchema, 409: errorSchema }

  /** Staff may administer the users below them: no superuser, and no flag that makes one. */
  function mayChange (request: FastifyRequest, target: User | null, changes: UserChangesRequest): void {
    if (request.user?.isSuperuser === true) return
    const raises = (flag: 'is_staff' | 'is_superuser', present: boolean | undefined) => changes[flag] !== undefined && changes[flag] !== (present ?? false)
    if (target?.isSuperuser === true || raises('is_staff', target?.isStaff) || raises('is_superuser', target?.isSuperuser)) throw new PermissionDenied()
  }

  app.get<{ Querystring: UsersQuery }>('/', {
    ...route,
    schema: { tags: ['users'], summary: 'List users', querystring: usersQuerySchema, response: { 200: pageSchema(userSchema), ...errors } }
  }, async (request) => {
    const { number, size } = readPage(request.query)
    const page = await users.list({ search: request.query.search, limit: size, offset: (number - 1) * size })
    return paginate(request, { number, size, count: page.count }, page.users.map(presentUser))
  })

  app.post<{ Body: NewUserRequest }>('/', {
    ...route,
    schema: { tags: ['users'], summary: 'Create a user', body: newUserSchema, response: { 201: userSchema, ...errors } }
  }, async (request, reply) => {
    mayChange(request, null, request.body)
    const { username, password } = request.body
    return reply.code(201).send(presentUser(await users.create({ ...toChanges(request.body), username, password })))
  })
  methodNotAllowed(app, '/', ['GET', 'POST'], route)

  const one = { ...route, schema: { tags: ['users'], params: paramsSchema } }
  type One = { Params: Static<typeof paramsSchema> }

  app.get<One>('/:username', {
    ...one,
    schema: { ...one.schema, summary: 'Read a user', response: { 200: userSchema, ...errors } }
  }, async (request) => presentUser(await findUser(users, request.params.username)))

  app.patch<One & { Body: UserChangesRequest }>('/:username', {
    ...one,
    schema: { ...one.schema, summary: 'Change a user, or set its password', body: userChangesSchema, response: { 200: userSchema, ...errors } }
  }, async (request) => {
    const user = await findUser(users, request.params.username)
    mayChange(request, user, request.body)
    const changed = await users.update(user, toChanges(request.body), { revokeTokens: request.body.revoke_tokens ?? true })
    if (changed === null) throw new NotFound('Not found.')
    return presentUser(changed)
  })

  app.delete<One>('/:username', {
    ...one,
    schema: { ...one.schema, summary: 'Delete a user and its tokens', response: { 204: Type.Null(), ...errors } }
  }, async (request, reply) => {
    const user = await findUser(users, request.params.username)
    mayChange(request, user, {})
    await users.delete(user)
    return reply.code(204).send()
  })
  methodNotAllowed(app, '/:username', ['GET', 'PATCH', 'DELETE'], route)
}

function toChanges (body: UserChangesRequest): UserChanges {
  const changes = {
    username: body.username,
    password: body.password,
    email: body.email,
    firstName: body.first_name,
    lastName: body.last_name,
    isStaff: body.is_staff,
    isSuperuser: body.is_superuser,
    isActive: body.is_active
  }
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
}

export default users
