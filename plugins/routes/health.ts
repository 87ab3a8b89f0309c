import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { errorSchema } from '../../src/api/resources.js'

const operation = (summary: string, errors: object) => ({
  config: { authtoken: false as const },
  logLevel: 'warn' as const,
  schema: { tags: ['operation'], summary, security: [], response: { 200: Type.Object({ status: Type.Literal('ok') }), ...errors } }
})

/** `/healthz`: the process answers. `/readyz`: the database does too: `ping` resolves. */
export default async function health (app: FastifyInstance, { ping }: { ping: () => Promise<unknown> }): Promise<void> {
  app.get('/healthz', operation('The process answers', {}), async () => ({ status: 'ok' }))
  app.get('/readyz', operation('The database answers', { 503: errorSchema }), async () => {
    await ping()
    return { status: 'ok' }
  })
}
