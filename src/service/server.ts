import type { IncomingMessage } from 'node:http'
import { isIP, type Socket } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyLoggerOptions, type FastifyRequest } from 'fastify'
import { sendDrfError } from '../../plugins/http/drf-errors.js'
import { FORWARD_AUTH_PATH, isForwardAuth } from '../api/forward-auth-requirement.js'
import { NotFound } from '../errors.js'
import type { Authtoken } from '../open-authtoken.js'
import { safeError } from '../safe-error.js'
import { AccessLog } from './access-log.js'
import app from './app.js'
import { compilersFactory } from './compilers.js'
import type { Settings } from './settings.js'

// A percent-encoded e-mail address of 254 characters, 4 bytes each: the longest username.
const MAX_PARAM_LENGTH = 254 * 4 * 3

// How often node looks for requests that take too long; by itself each 30 s.
const TIMEOUT_CHECK_MS = 250

type LogOptions = Pick<FastifyLoggerOptions, 'stream'>

/** The service, ready to listen; `authtoken` is closed with it. @param log where the log goes, if not to standard output */
export async function buildServer (settings: Settings, authtoken: Authtoken, log: LogOptions = {}): Promise<FastifyInstance> {
  const server: FastifyInstance = Fastify({
    bodyLimit: settings.BODY_LIMIT,
    requestTimeout: settings.REQUEST_TIMEOUT_MS,
    http: { ...timeouts(settings), connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    trustProxy: settings.TRUST_PROXY,
    rewriteUrl: ({ url = '' }) => isForwardAuth(url) ? FORWARD_AUTH_PATH : url,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (_error, _request, reply) => {
      sendDrfError(new NotFound('Not found.'), reply.header('cache-control', 'no-store'), 'Token')
    },
    schemaController: { compilersFactory },
    logController: new AccessLog(),
    logger: {
      level: settings.LOG_LEVEL,
      ...log,
      redact: ['*.password', '*.token', '*.key', '*.authorization', '*.headers'],
      serializers: {
        req: describeRequest,
        res: ({ statusCode }) => ({ statusCode }),
        err: (error: unknown) => error instanceof Error ? safeError(error) : error as ReturnType<typeof safeError>
      }
    }
  })
  closeIdleConnections(server)
  await server.register(app, { settings, authtoken })
  return server
}

/** The head of a request has no time of its own: it is bounded with the rest. */
const timeouts = ({ REQUEST_TIMEOUT_MS }: Settings) => ({ headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS })

/** The route, not the URL, into which a client may have put a token; no `ip` that is none: a proxy may pass on what a client wrote. */
const describeRequest = ({ method, routeOptions, ip, socket }: FastifyRequest) =>
  ({ method, route: routeOptions?.url ?? null, remoteAddress: isIP(ip) === 0 ? String(socket.remoteAddress) : ip })

/**
 * While the server closes, a connection ends with its request in flight, not with its keep-alive time; one on which nothing was
 * ever asked, as browsers and pools open them in advance, at once.
 */
function closeIdleConnections (server: FastifyInstance): void {
  const unused = new Set<Socket>()
  let timer: NodeJS.Timeout | undefined
  server.server
    .on('connection', (socket: Socket) => { unused.add(socket.on('close', () => unused.delete(socket))) })
    .on('request', ({ socket }: IncomingMessage) => { unused.delete(socket) })
  server.addHook('preClose', async () => {
    for (const socket of unused) socket.destroy()
    timer = setInterval(() => server.server.closeIdleConnections(), 50).unref()
  })
  server.addHook('onClose', async () => clearInterval(timer))
}
