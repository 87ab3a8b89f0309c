import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendDrfError, toClientError, toDrfError } from '../../plugins/http/drf-errors.js'
import forwardAuth from '../../plugins/routes/forward-auth.js'
import health from '../../plugins/routes/health.js'
import introspection from '../../plugins/routes/introspect.js'
import jsonBody from '../../plugins/http/json-body.js'
import metadata from '../../plugins/routes/metadata.js'
import openapi from '../../plugins/routes/openapi.js'
import revocations from '../../plugins/routes/revocations.js'
import revoke from '../../plugins/routes/revoke.js'
import securityHeaders from '../../plugins/http/security-headers.js'
import tokenAuth from '../../plugins/token-auth.js'
import tokenExchange from '../../plugins/token-exchange.js'
import tokenRoutes from '../../plugins/routes/token-routes.js'
import users from '../../plugins/routes/user-routes.js'
import type { Authtoken } from '../open-authtoken.js'
import { NotFound } from '../errors.js'
import { safeError } from '../safe-error.js'
import type { Settings } from './settings.js'
import { version } from './version.js'

/** What the service is built from. */
export interface AppOptions {
  settings: Settings
  authtoken: Authtoken
}

/** The service: every plugin, in order. */
export default async function app (app: FastifyInstance, { settings, authtoken }: AppOptions): Promise<void> {
  const { authenticator, credentials, feed, tokens, users: accounts } = authtoken
  const { ADMINISTRATORS: administrators, KEYWORDS: keywords } = settings
  const [keyword = 'Token'] = keywords

  app.setErrorHandler((error: Error & { code: string, statusCode: number }, request: FastifyRequest, reply: FastifyReply) => {
    const ours = toDrfError(error, request) ?? toClientError(error)
    if (ours !== null) return sendDrfError(ours, reply, keyword)
    request.log.error({ err: safeError(error) }, 'request failed')
    return reply.code(500).type('application/json').send({ detail: 'A server error occurred.' })
  })
  app.setNotFoundHandler((_request, reply) => sendDrfError(new NotFound('Not found.'), reply, keyword))

  await app.register(securityHeaders)
  await app.register(openapi, { version, keyword })
  await app.register(jsonBody)
  await app.register(tokenAuth, { authenticator, keywords, administrators })
  await app.register(tokenExchange, { credentials, tokens, administrators })
  await app.register(tokenRoutes, { users: accounts, tokens, administrators })
  await app.register(users, { users: accounts, administrators })
  await app.register(introspection, { authenticator, keyword })
  await app.register(revoke, { users: accounts, tokens, keyword, administrators })
  await app.register(revocations, { feed, authenticator, keywords, administrators })
  await app.register(metadata, { keywords })
  await app.register(forwardAuth, { headers: settings.FORWARD_AUTH_HEADERS })
  await app.register(health, { ping: () => accounts.findByUsername('') })
  app.addHook('onClose', authtoken.close)
}
