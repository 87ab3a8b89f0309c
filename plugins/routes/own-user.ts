import type { FastifyInstance } from 'fastify'
import { errorSchema, meSchema, presentToken, presentUser } from '../../src/api/resources.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'
import { authenticated as config, callerOf } from './guards.js'

const schema = { tags: ['users'], summary: 'Who am I', response: { 200: meSchema, 401: errorSchema } }

/** Who am I, for everybody. */
export default async function ownUser (app: FastifyInstance): Promise<void> {
  app.get('/', { config, schema }, async (request) => {
    const { user, auth } = callerOf(request)
    return { ...presentUser(user), token: presentToken(auth) }
  })
  methodNotAllowed(app, '/', ['GET'], { config })
}
