import { createServer, type IncomingMessage, request as forward, type RequestListener, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Test } from 'tap'
import authtoken, { remote, type RemoteAuthenticator, type RemoteOptions } from '../../src/remote.js'
import type { DelegatedOptions } from '../../plugins/delegated.js'
import { buildService } from './applications.js'
import { makeUser } from './users.js'
import { declareRoutes } from './permission-scenarios.js'

/** The service on a port, with a token that may introspect. */
export async function startService (t: Test, env: NodeJS.ProcessEnv = {}) {
  const service = await buildService(t, env)
  await service.server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = service.server.server.address() as AddressInfo
  const { user } = await makeUser(service.authtoken, 'introspector', { isSuperuser: true })
  const { id, key } = await service.authtoken.tokens.create(user, { name: 'remote', scope: 'introspect' })
  return { ...service, port, url: `http://127.0.0.1:${port}`, introspector: { user, id, key } }
}

/** Remote mode on a service, ended behind the test. */
export function connect (t: Test, { url, introspector }: { url: string, introspector: { key: string } }, options: Partial<RemoteOptions> = {}): RemoteAuthenticator {
  const authenticator = remote({ url, token: introspector.key, ...options })
  t.teardown(() => authenticator.close())
  return authenticator
}

/** An application with the routes of the scenarios, which looks keys up at a service. */
export async function buildRemoteHost (t: Test, authenticator: RemoteAuthenticator, options: Omit<DelegatedOptions, 'authenticator'> = {}, log: string[] = []): Promise<FastifyInstance> {
  const app = Fastify({ logger: { stream: { write: (line: string) => { log.push(line) } } } })
  t.teardown(() => app.close())
  await app.register(authtoken, { authenticator, ...options })
  declareRoutes(app)
  return app
}

/** What an application answers to a key. */
export const ask = async (app: FastifyInstance, key: string, url = '/protected') =>
  await app.inject({ url, headers: { authorization: `Token ${key}` } })

/** An HTTP server that is no service. */
export async function startServer (t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server in front of a service: it keeps what it was asked about, and can hold answers back. */
export async function startFront (t: Test, port: number) {
  const front = {
    url: '',
    /** The tokens of each batch. */
    batches: [] as string[][],
    /** The largest body. */
    largest: 0,
    /** Batches wait for it. */
    gate: Promise.resolve(),
    /** No event comes through. */
    isMute: false,
    /** Open feeds. */
    feeds: new Set<ServerResponse>()
  }

  async function pass (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const isFeed = request.url?.endsWith('/revocations') === true
    if (isFeed) front.feeds.add(response)
    else front.batches.push(JSON.parse(body.toString()).tokens)
    front.largest = Math.max(front.largest, body.length)
    await front.gate
    const upstream = forward({
      host: '127.0.0.1',
      port,
      path: request.url?.replace(/^\/base/, ''),
      method: request.method,
      headers: request.headers,
      agent: false
    }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers).flushHeaders()
      answer.on('data', (chunk) => { if (!isFeed || !front.isMute) response.write(chunk) }).on('end', () => response.end())
        .on('error', () => response.destroy())
    })
    upstream.on('error', () => response.destroy()).end(body)
    response.on('close', () => {
      front.feeds.delete(response)
      upstream.destroy()
    })
  }

  front.url = await startServer(t, (request, response) => { pass(request, response).catch(() => response.destroy()) })
  return front
}

/** What a route saw of its caller. */
export function captureCaller (app: FastifyInstance) {
  const seen: Array<Pick<FastifyRequest, 'user' | 'auth'>> = []
  app.get('/caller', async ({ user, auth }) => {
    seen.push({ user, auth })
    return {}
  })
  return async (key: string) => {
    await ask(app, key, '/caller')
    return seen.pop()
  }
}
