import type { FastifyPluginAsync } from 'fastify'
import { PermissionDenied } from '../../src/errors.js'
import { errorSchema, meSchema, presentToken, presentUser } from '../../src/api/resources.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'
import { authenticated } from './guards.js'

/** Who am I, for everybody. */
const ownUser: FastifyPluginAsync = async (app) => {
  app.get('/', {
    config: authenticated,
    schema: { tags: ['users'], summary: 'Who am I', response: { 200: meSchema, 401: errorSchema } }
  }, async ({ user, auth }) => {
    if (user === null || auth === null) throw new PermissionDenied()
    return { ...presentUser(user), token: presentToken(auth) }
  })
  methodNotAllowed(app, '/', ['GET'], { config: authenticated })
}

export default ownUser
