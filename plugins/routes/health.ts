import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { errorSchema } from '../../src/api/resources.js'

/** Options of `health`. */
export interface HealthOptions {
  /** Resolves where the database answers. */
  ping: () => Promise<unknown>
}

const statusSchema = Type.Object({ status: Type.Literal('ok') })
const config = { authtoken: false as const }

/** `/healthz`: the process answers. `/readyz`: the database does too. */
const health: FastifyPluginAsync<HealthOptions> = async (app, { ping }) => {
  app.get('/healthz', {
    config,
    logLevel: 'warn',
    schema: { tags: ['operation'], summary: 'The process answers', security: [], response: { 200: statusSchema } }
  }, async () => ({ status: 'ok' }))

  app.get('/readyz', {
    config,
    logLevel: 'warn',
    schema: { tags: ['operation'], summary: 'The database answers', security: [], response: { 200: statusSchema, 503: errorSchema } }
  }, async () => {
    await ping()
    return { status: 'ok' }
  })
}

export default health
