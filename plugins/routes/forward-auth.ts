import { METHODS } from 'node:http'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, onRequestHookHandler, onSendHookHandler } from 'fastify'
import { insufficientScope, PermissionDenied } from '../../src/errors.js'
import { identityValues } from '../../src/api/identity-headers.js'
import { FORWARD_AUTH_FORMS, FORWARD_AUTH_PATH, readRequirement } from '../../src/api/forward-auth-requirement.js'
import { errorSchema } from '../../src/api/resources.js'
import { authenticated } from './guards.js'

const schema = {
  tags: ['verification'],
  summary: 'May this request pass? For proxies; with any method and any path behind it',
  querystring: Type.Object({ scope: Type.Optional(Type.String()), staff: Type.Optional(Type.Literal('1')) }),
  response: { 200: Type.Null({ description: 'Who the caller is, in headers' }), 401: errorSchema, 403: errorSchema, 503: errorSchema }
}

/**
 * Proxies ask here for each request whether it may pass: 200 with the identity in headers and no body, 401 or 403; 503 where
 * it is not known. Any method, and no body is read. The server must rewrite each address for which `isForwardAuth` holds to
 * `FORWARD_AUTH_PATH`: a client's path may be one that no router reads.
 * @param options `headers`: their names, as `IDENTITY_HEADERS` orders them
 */
export default async function forwardAuth (app: FastifyInstance, { headers }: { headers: string[] }): Promise<void> {
  // Node hands CONNECT over in another way; no proxy asks by it.
  const methods = METHODS.filter((method) => method !== 'CONNECT')
  for (const method of methods) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)

  const decide: onRequestHookHandler = (request, reply, done) => {
    const { user, auth } = request
    if (user === null || auth === null) return
    const requirement = readRequirement(request.originalUrl)
    if (requirement === null) {
      request.log.warn(`forward-auth is asked for what it does not know. It knows ${FORWARD_AUTH_FORMS}`)
      return done(new PermissionDenied())
    }
    const { scope, staff = false } = requirement
    if (scope !== undefined && !auth.hasScope(scope)) return done(insufficientScope(scope))
    if (staff && !auth.isStaff) return done(new PermissionDenied())
    const values = identityValues({ user, userId: auth.userId }, auth, auth.isStaff)
    for (const [index, value] of values.entries()) reply.header(headers[index] as string, value)
    reply.send()
  }

  // Of what other hooks answer, too.
  const forbidStorage: onSendHookHandler = (_request, reply, payload, done) => {
    reply.header('cache-control', 'no-store')
    done(null, payload)
  }

  const config = { ...authenticated, securityHeaders: false as const }
  const hooks = { onRequest: decide, onSend: forbidStorage }
  const route = { url: FORWARD_AUTH_PATH, exposeHeadRoute: false, config, ...hooks, handler: async () => {} }
  app.route({ ...route, method: 'GET', schema })
  app.route({ ...route, method: methods.filter((method) => method !== 'GET'), schema: { hide: true } })
}
