import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { PermissionDenied } from '../../src/errors.js'
import type { DjangoUser as User } from '../../src/identity/identity.js'
import type { Administrators } from '../../src/identity/scope.js'
import type { Accounts, UserChanges } from '../../src/users/accounts.js'
import { pageSchema } from '../../src/api/list-query.js'
import { presentUser, userSchema } from '../../src/api/resources.js'
import { newUserSchema, type UserChangesRequest, userChangesSchema, usersQuerySchema } from '../../src/api/user-requests.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'
import { noContent, operations } from '../http/operation.js'
import { orNotFound } from '../http/or-not-found.js'
import { paginate, readPage } from '../http/pagination.js'
import { administratorsOnly } from './guards.js'

/** Options of `userRoutes`. */
interface UserRoutesOptions {
  users: Accounts
  /** Who administers users. Staff can't change a superuser, nor anybody's flags. */
  administrators: Administrators
}

/** The users, for administrators. */
const userRoutes: FastifyPluginAsyncTypebox<UserRoutesOptions> = async (app, { users, administrators }) => {
  const guard = administratorsOnly(administrators)
  const ofList = operations(guard, { tags: ['users'] })
  const ofOne = operations(guard, { tags: ['users'], params: Type.Object({ username: Type.String() }) })

  app.get('/', ofList('List users', { querystring: usersQuerySchema }, { 200: pageSchema(userSchema) }), async (request) => {
    const { number, size } = readPage(request.query)
    const page = await users.list({ search: request.query.search, limit: size, offset: (number - 1) * size })
    return paginate(request, { number, size, count: page.count }, page.users.map(presentUser))
  })

  app.post('/', ofList('Create a user', { body: newUserSchema }, { 201: userSchema }), async (request, reply) => {
    const { username, password } = request.body
    checkChange(request, null, request.body)
    return reply.code(201).send(presentUser(await users.create({ ...toChanges(request.body), username, password })))
  })
  methodNotAllowed(app, '/', ['GET', 'POST'], guard)

  app.get('/:username', ofOne('Read a user', {}, { 200: userSchema }), async ({ params }) => presentUser(await find(params.username)))

  app.patch('/:username', ofOne('Change a user, or set its password', { body: userChangesSchema }, { 200: userSchema }), async (request) => {
    const { body, params } = request
    const user = await find(params.username)
    checkChange(request, user, body)
    return presentUser(orNotFound(await users.update(user, toChanges(body), { revokeTokens: body.revoke_tokens ?? true })))
  })

  app.delete('/:username', ofOne('Delete a user and its tokens', {}, { 204: noContent }), async (request, reply) => {
    const user = await find(request.params.username)
    checkChange(request, user, {})
    await users.delete(user)
    return reply.code(204).send()
  })
  methodNotAllowed(app, '/:username', ['GET', 'PATCH', 'DELETE'], guard)

  const find = async (username: string): Promise<User> => orNotFound(await users.findByUsername(username))
}

/** Staff may administer the users below them: no superuser, and no flag that makes one. */
function checkChange (request: FastifyRequest, target: User | null, { is_staff: staff, is_superuser: superuser }: UserChangesRequest): void {
  if (request.user?.isSuperuser === true) return
  const { isStaff, isSuperuser } = target ?? { isStaff: false, isSuperuser: false }
  if (isSuperuser || (staff ?? isStaff) !== isStaff || (superuser ?? isSuperuser) !== isSuperuser) throw new PermissionDenied()
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

export default userRoutes
