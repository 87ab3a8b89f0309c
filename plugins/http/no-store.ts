import type { onRequestHookHandler } from 'fastify'

/** A hook: nobody between may keep the answer. */
export const noStore: onRequestHookHandler = (_request, reply, done) => {
  reply.header('cache-control', 'no-store')
  done()
}
