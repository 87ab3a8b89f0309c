import { Readable } from 'node:stream'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseAuthorization } from '../../src/authentication/authorization-header.js'
import { retryAfter, TooManyStreams } from '../../src/errors.js'
import type { Authenticator } from '../../src/identity/identity.js'
import type { FeedEvent, ChangeFeed } from '../../src/tokens/change-feed.js'
import { type Administrators, covers, isAdministrator } from '../../src/identity/scope.js'
import { factsOf } from '../../src/identity/account.js'
import { errorSchema } from '../../src/api/resources.js'
import { methodNotAllowed } from '../http/method-not-allowed.js'
import { callerOf } from './guards.js'

interface Options {
  feed: ChangeFeed
  authenticator: Authenticator
  keywords: string[]
  administrators: Administrators
  /** Streams that may be open at a time, in all and with one token. */
  limits: { all: number, ofToken: number }
}

const PATH = '/revocations'
const SCOPE = 'introspect'
const TYPE = 'text/event-stream'
const HEART_BEAT_MS = 1_000
// Who reads no faster is cut off, and begins anew.
const MAX_WAITING_BYTES = 1_048_576
const RETRY_AFTER_S = 1

const config = { authtoken: { scope: SCOPE } }
const schema = {
  tags: ['verification'],
  summary: 'Whose tokens may have changed, as they change',
  headers: Type.Object({
    'last-event-id': Type.Optional(Type.String({ description: 'The last event that was received: those after it follow.' }))
  }),
  response: {
    200: { description: 'Server-sent events', content: { [TYPE]: { schema: Type.String() } } },
    401: errorSchema,
    403: errorSchema,
    503: errorSchema
  }
}

/**
 * `GET /revocations`: whose tokens may have changed, as server-sent events, for those who remember what they were told of
 * tokens. A stream ends with the token that asked for it, and with the server.
 */
export default async function revocations (app: FastifyInstance, options: Options): Promise<void> {
  const { feed, authenticator, keywords, administrators, limits } = options
  const words = keywords.map((word) => word.toLowerCase())
  const streams = new Map<Readable, string>()
  app.addHook('preClose', async () => { for (const stream of streams.keys()) stream.push(null) })

  app.get<{ Headers: { 'last-event-id'?: string } }>(PATH, { config, exposeHeadRoute: false, schema }, async (request, reply) => {
    const { id } = callerOf(request).auth
    if (isFull(id)) throw retryAfter(new TooManyStreams(), RETRY_AFTER_S)
    const stream = new Readable({ read () {} })
    const send = (text: string): void => {
      stream.push(text)
      if (stream.readableLength > MAX_WAITING_BYTES) stream.destroy()
    }
    const { missed, unsubscribe } = feed.subscribe(request.headers['last-event-id'], (event) => send(format(event)))
    const timer = setInterval(() => {
      send(': heart-beat\n\n')
      endUnlessAllowed(request, stream).catch(() => {})
    }, HEART_BEAT_MS)
    streams.set(stream, id)
    stream.on('close', () => {
      clearInterval(timer)
      unsubscribe()
      streams.delete(stream)
    })
    send(`retry: 100\n\n${missed.map(format).join('')}`)
    return reply.type(TYPE).header('x-accel-buffering', 'no').send(stream)
  })
  app.head(PATH, { config, schema: { hide: true } }, async (_request, reply) => reply.type(TYPE).send())
  methodNotAllowed(app, PATH, ['GET'], { config })

  function isFull (tokenId: string): boolean {
    const ofToken = [...streams.values()].filter((id) => id === tokenId).length
    return streams.size >= limits.all || ofToken >= limits.ofToken
  }

  /** Ends a stream with the token that asked for it. Where the database is away nothing is known, and it goes on. */
  async function endUnlessAllowed (request: FastifyRequest, stream: Readable): Promise<void> {
    const key = parseAuthorization(request.headers.authorization as string, words) as string
    const identity = await authenticator.authenticate(key)
    if (identity !== null) {
      const facts = factsOf(identity)
      if (facts.isActive && covers({ scope: identity.token.scope, administrator: isAdministrator(facts, administrators) }, SCOPE)) return
    }
    stream.push(null)
  }
}

const format = ({ id, change }: FeedEvent): string =>
  `id: ${id}\nevent: revocation\ndata: ${JSON.stringify(change === 'all' ? { all: true } : change)}\n\n`
