import type { FastifyError, FastifyInstance } from 'fastify'
import { sendDrfError, toClientError, toDrfError } from '../../plugins/http/drf-errors.js'
import jsonBody from '../../plugins/http/json-body.js'
import { noStore } from '../../plugins/http/no-store.js'
import { publicAddress } from '../../plugins/http/public-address.js'
import securityHeaders from '../../plugins/http/security-headers.js'
import forwardAuth from '../../plugins/routes/forward-auth.js'
import health from '../../plugins/routes/health.js'
import introspect from '../../plugins/routes/introspect.js'
import metadata from '../../plugins/routes/metadata.js'
import openapi, { openapiPages } from '../../plugins/routes/openapi.js'
import ownTokens from '../../plugins/routes/own-tokens.js'
import ownUser from '../../plugins/routes/own-user.js'
import revocations from '../../plugins/routes/revocations.js'
import revoke from '../../plugins/routes/revoke.js'
import userRoutes from '../../plugins/routes/user-routes.js'
import userTokens from '../../plugins/routes/user-tokens.js'
import tokenAuth from '../../plugins/token-auth.js'
import tokenExchange from '../../plugins/token-exchange.js'
import { NotFound } from '../errors.js'
import type { Authtoken } from '../open-authtoken.js'
import { safeError } from '../safe-error.js'
import type { Settings } from './settings.js'
import { version } from './version.js'

/** The service: every plugin, in order. */
export default async function app (app: FastifyInstance, options: { settings: Settings, authtoken: Authtoken }): Promise<void> {
  const { settings, authtoken } = options
  const { authenticator, credentials, feed, tokens, users } = authtoken
  const { ADMINISTRATORS: administrators, DOCS: docs, KEYWORDS: keywords } = settings
  const [keyword = 'Token'] = keywords
  const otherwise = { address: settings.HOST, port: settings.PORT }
  const { baseOf, issuerOf } = publicAddress(app, { url: settings.PUBLIC_URL, hosts: settings.PUBLIC_HOSTS, otherwise })
  const management = { users, tokens, administrators, baseOf }

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const ours = toDrfError(error, request) ?? toClientError(error)
    if (ours !== null) return sendDrfError(ours, reply, keyword)
    request.log.error({ err: safeError(error) }, 'request failed')
    return reply.code(500).type('application/json').send({ detail: 'A server error occurred.' })
  })
  app.setNotFoundHandler((_request, reply) => sendDrfError(new NotFound('Not found.'), reply, keyword))

  // All that is said here is about somebody, errors too; hooks of routes come later.
  app.addHook('onRequest', noStore)
  await app.register(securityHeaders)
  if (docs !== 'off') await app.register(openapi, { version, keyword })
  if (docs === 'on') await app.register(openapiPages, { callersOnly: false })
  await app.register(jsonBody)
  await app.register(tokenAuth, { authenticator, keywords, administrators })
  if (docs === 'callers') await app.register(openapiPages, { callersOnly: true })
  await app.register(tokenExchange, { credentials, tokens, administrators })
  await app.register(ownTokens, { prefix: '/tokens', ...management })
  await app.register(userTokens, { prefix: '/users/:username/tokens', ...management })
  await app.register(ownUser, { prefix: '/users/me' })
  await app.register(userRoutes, { prefix: '/users', ...management })
  await app.register(introspect, { authenticator, keyword })
  await app.register(revoke, management)
  const limits = { all: settings.REVOCATION_STREAMS, ofToken: settings.REVOCATION_STREAMS_PER_TOKEN }
  await app.register(revocations, { feed, authenticator, keywords, administrators, limits })
  await app.register(metadata, { keywords, issuerOf })
  await app.register(forwardAuth, { headers: settings.FORWARD_AUTH_HEADERS })
  await app.register(health, { ping: () => users.findByUsername('') })
  app.addHook('onClose', authtoken.close)
}
