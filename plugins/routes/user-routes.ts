import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { PermissionDenied } from '../../src/errors.js'
import type { DjangoUser as User } from '../../src/identity/identity.js'
import type { UserChanges } from '../../src/users/users.js'
import { pageSchema } from '../../src/api/list-query.js'
import { presentUser, userSchema } from '../../src/api/resources.js'
import { newUserSchema, type UserChangesRequest, userChangesSchema, usersQuerySchema } from '../../src/api/user-requests.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'
import { paginate } from '../http/pagination.js'
import { administratorsOnly, callerOf, mayAdministerAll } from './guards.js'
import { type ManagementOptions, noContent, operations, orNotFound, type TypedApp } from './management.js'

/** The users, for administrators. */
export default async function userRoutes (app: TypedApp, { users, administrators, baseOf }: ManagementOptions): Promise<void> {
  const guard = administratorsOnly(administrators)
  const ofList = operations(guard, { tags: ['users'] })
  const ofOne = operations(guard, { tags: ['users'], params: Type.Object({ username: Type.String() }) })
  const change = ofOne('Change a user, or set its password', { body: userChangesSchema }, { 200: userSchema })

  app.get('/', ofList('List users', { querystring: usersQuerySchema }, { 200: pageSchema(userSchema) }), async (request) => {
    return await paginate(request, baseOf, async (part) => {
      const { count, users: found } = await users.list({ search: request.query.search, ...part })
      return { count, results: found.map(presentUser) }
    })
  })

  app.post('/', ofList('Create a user', { body: newUserSchema }, { 201: userSchema }), async (request, reply) => {
    const { username, password } = request.body
    checkChange(request, null, request.body)
    return reply.code(201).send(presentUser(await users.createAs(request.auth, { ...toChanges(request.body), username, password })))
  })
  methodNotAllowed(app, '/', ['GET', 'POST'], guard)

  app.get('/:username', ofOne('Read a user', {}, { 200: userSchema }), async ({ params }) => presentUser(await find(params.username)))

  app.patch('/:username', change, async (request) => {
    const { body, params } = request
    const user = await find(params.username)
    checkChange(request, user, body)
    return presentUser(orNotFound(await users.updateAs(request.auth, user, toChanges(body), { revokeTokens: body.revoke_tokens ?? true })))
  })

  app.delete('/:username', ofOne('Delete a user and its tokens', {}, { 204: noContent }), async (request, reply) => {
    const user = await find(request.params.username)
    checkChange(request, user, {})
    await users.deleteAs(request.auth, user)
    return reply.code(204).send()
  })
  methodNotAllowed(app, '/:username', ['GET', 'PATCH', 'DELETE'], guard)

  const find = async (username: string): Promise<User> => orNotFound(await users.findByUsername(username))
}

/** Staff, and a superuser's token that has only the scope `admin`, administer users below them: no superuser, and no flag. */
function checkChange (request: FastifyRequest, target: User | null, changes: UserChangesRequest): void {
  if (mayAdministerAll(callerOf(request))) return
  const { isStaff, isSuperuser } = target ?? { isStaff: false, isSuperuser: false }
  const raises = (changes.is_staff ?? isStaff) !== isStaff || (changes.is_superuser ?? isSuperuser) !== isSuperuser
  if (isSuperuser || raises) throw new PermissionDenied()
}

/** On the wire the same names stand in snake case; the schema lets no other through. */
const toChanges = ({ revoke_tokens: _revokeTokens, ...fields }: UserChangesRequest): UserChanges =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [camelCase(name), value]))

const camelCase = (name: string): string => name.replace(/_[a-z]/g, ([, letter = '']) => letter.toUpperCase())
