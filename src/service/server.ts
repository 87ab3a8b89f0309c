import type { IncomingMessage } from 'node:http'
import { isIP, type Socket } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { sendDrfError } from '../../plugins/http/drf-errors.js'
import { AccessLog } from './access-log.js'
import app from './app.js'
import type { Authtoken } from '../open-authtoken.js'
import { NotFound } from '../errors.js'
import { lazyCompilers } from './lazy-compilers.js'
import { safeError } from '../safe-error.js'
import type { Settings } from './settings.js'
import { FORWARD_AUTH_PATH, isForwardAuth } from '../api/forward-auth-requirement.js'

/** Options of the server that are no settings. */
export interface ServerOptions {
  /** Where the log goes. @default standard output */
  stream?: { write (line: string): void }
}

// A percent-encoded e-mail address of 254 characters, 4 bytes each: the longest username.
const MAX_PARAM_LENGTH = 254 * 4 * 3

/**
 * The service as a Fastify instance, ready to listen.
 * @param settings as `loadSettings` returns them
 * @param authtoken an open database; closed with the server
 */
export async function buildServer (settings: Settings, authtoken: Authtoken, { stream }: ServerOptions = {}): Promise<FastifyInstance> {
  const server: FastifyInstance = Fastify({
    bodyLimit: settings.BODY_LIMIT,
    requestTimeout: settings.REQUEST_TIMEOUT_MS,
    trustProxy: settings.TRUST_PROXY,
    rewriteUrl: ({ url = '' }) => isForwardAuth(url) ? FORWARD_AUTH_PATH : url,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (_error, _request, reply) => { sendDrfError(new NotFound('Not found.'), reply, 'Token') },
    schemaController: { compilersFactory: lazyCompilers },
    logController: new AccessLog(),
    logger: {
      level: settings.LOG_LEVEL,
      ...(stream !== undefined && { stream }),
      redact: ['*.password', '*.token', '*.key', '*.authorization', '*.headers'],
      // The route, not the address: a client may have put a token into that.
      serializers: {
        req: (request: FastifyRequest) => ({ method: request.method, route: request.routeOptions?.url ?? null, remoteAddress: addressOf(request) }),
        res: (reply) => ({ statusCode: reply.statusCode }),
        err: (error: unknown) => error instanceof Error ? safeError(error) : error as ReturnType<typeof safeError>
      }
    }
  })
  closeIdleConnections(server)
  await server.register(app, { settings, authtoken })
  return server
}

/** The client's address. What a proxy passes on in its place may be anything that the client wrote. */
const addressOf = ({ ip, socket }: FastifyRequest): string => isIP(ip) === 0 ? String(socket.remoteAddress) : ip

/**
 * While the server closes, a connection ends with the request that was in flight on it, not with its keep-alive time. One on
 * which nothing was ever asked, as browsers and pools open them in advance, ends at once.
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
