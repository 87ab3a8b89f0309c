import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { NotFound, PermissionDenied } from '../src/errors.js'
import type { User } from '../src/tokens/identity.js'
import type { Administrators } from '../src/tokens/scope.js'
import type { Accounts, UserChanges } from '../src/users/accounts.js'
import { administratorsOnly, authenticated, findUser } from './administrators.js'
import { drfValidatorCompiler, TEXT_PATTERN } from './fields.js'
import { otherMethods } from './other-methods.js'
import { pageSchema, pagesSchema, paginate, readPage } from './pagination.js'
import { errorSchema, fieldErrorsSchema, presentToken, presentUser, tokenSchema, userSchema } from './schemas.js'

/** Options of `users`. */
export interface UsersOptions {
  users: Accounts
  /**
   * Who administers users. Staff can't change a superuser, nor anybody's flags.
   * @default 'superuser'
   */
  administrators?: Administrators
}

const EMAIL = '^$|^[^\\s@\\0\\uD800-\\uDFFF]+@[^\\s@\\0\\uD800-\\uDFFF]+\\.[^\\s@\\0\\uD800-\\uDFFF]+$'

const text = (maxLength: number) => Type.Optional(Type.String({ maxLength, pattern: TEXT_PATTERN }))

const changeable = {
  email: Type.Optional(Type.String({ maxLength: 254, pattern: EMAIL, problem: 'Enter a valid email address.' })),
  first_name: text(150),
  last_name: text(150),
  is_staff: Type.Optional(Type.Boolean()),
  is_superuser: Type.Optional(Type.Boolean()),
  is_active: Type.Optional(Type.Boolean())
}
const username = Type.String({ minLength: 1, pattern: TEXT_PATTERN, description: 'At most 150 letters, digits and @.+-_' })
const password = Type.String({ minLength: 1, pattern: TEXT_PATTERN, description: 'Django\'s rules: 8 characters, not all digits, not a common one, not like the username or e-mail.' })

const newUserSchema = Type.Object({ username, password, ...changeable }, { additionalProperties: false })
const changesSchema = Type.Object({
  username: Type.Optional(username),
  password: Type.Optional(password),
  revoke_tokens: Type.Optional(Type.Boolean({ description: 'Whether a new password ends the user\'s tokens; true by default. Django keeps them.' })),
  ...changeable
}, { additionalProperties: false })
const querySchema = Type.Object({
  ...pagesSchema.properties,
  search: Type.Optional(Type.String({ pattern: TEXT_PATTERN, maxLength: 254, description: 'Part of the username or e-mail address.' }))
})
const paramsSchema = Type.Object({ username: Type.String() })

type Changes = Static<typeof changesSchema>

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
      response: { 200: Type.Object({ ...userSchema.properties, token: tokenSchema }), 401: errorSchema }
    }
  }, async ({ user, auth }) => {
    if (user === null || auth === null) throw new PermissionDenied()
    return { ...presentUser(user), token: presentToken(auth) }
  })
  otherMethods(app, '/', ['GET'], { config: authenticated })
}

async function administration (app: FastifyInstance, { users, administrators = 'superuser' }: UsersOptions): Promise<void> {
  const route = { config: authenticated, onRequest: [administratorsOnly(administrators)] }
  const errors = { 400: fieldErrorsSchema, 401: errorSchema, 403: errorSchema, 404: errorSchema, 409: errorSchema }

  /** Staff may administer the users below them: no superuser, and no flag that makes one. */
  function mayChange (request: FastifyRequest, target: User | null, changes: Changes): void {
    if (request.user?.isSuperuser === true) return
    const raises = (flag: 'is_staff' | 'is_superuser', present: boolean | undefined) => changes[flag] !== undefined && changes[flag] !== (present ?? false)
    if (target?.isSuperuser === true || raises('is_staff', target?.isStaff) || raises('is_superuser', target?.isSuperuser)) throw new PermissionDenied()
  }

  app.get<{ Querystring: Static<typeof querySchema> }>('/', {
    ...route,
    schema: { tags: ['users'], summary: 'List users', querystring: querySchema, response: { 200: pageSchema(userSchema), ...errors } }
  }, async (request) => {
    const { number, size } = readPage(request.query)
    const page = await users.list({ search: request.query.search, limit: size, offset: (number - 1) * size })
    return paginate(request, { number, size, count: page.count }, page.users.map(presentUser))
  })

  app.post<{ Body: Static<typeof newUserSchema> }>('/', {
    ...route,
    schema: { tags: ['users'], summary: 'Create a user', body: newUserSchema, response: { 201: userSchema, ...errors } }
  }, async (request, reply) => {
    mayChange(request, null, request.body)
    const { username, password } = request.body
    return reply.code(201).send(presentUser(await users.create({ ...toChanges(request.body), username, password })))
  })
  otherMethods(app, '/', ['GET', 'POST'], route)

  const one = { ...route, schema: { tags: ['users'], params: paramsSchema } }
  type One = { Params: Static<typeof paramsSchema> }

  app.get<One>('/:username', {
    ...one,
    schema: { ...one.schema, summary: 'Read a user', response: { 200: userSchema, ...errors } }
  }, async (request) => presentUser(await findUser(users, request.params.username)))

  app.patch<One & { Body: Changes }>('/:username', {
    ...one,
    schema: { ...one.schema, summary: 'Change a user, or set its password', body: changesSchema, response: { 200: userSchema, ...errors } }
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
  otherMethods(app, '/:username', ['GET', 'PATCH', 'DELETE'], route)
}

function toChanges (body: Changes): UserChanges {
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
