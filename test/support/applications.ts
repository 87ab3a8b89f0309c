import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import authtoken, { type FastifyAuthtokenOptions, openAuthtoken } from '../../src/index.js'
import { openOptions } from '../../src/service/open-options.js'
import { buildServer } from '../../src/service/server.js'
import { loadSettings } from '../../src/service/settings.js'
import { databaseUrl } from './databases.js'

/** A host application with the plugin, closed behind the test. */
export async function buildHost (t: Test, options: Partial<FastifyAuthtokenOptions> = {}, server: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify(server)
  t.teardown(() => app.close())
  await app.register(authtoken, { database: await databaseUrl(t), migrate: true, ...options } as FastifyAuthtokenOptions)
  return app
}

/** The service on a database of its own, with its log. */
export async function buildService (t: Test, env: NodeJS.ProcessEnv = {}) {
  const log: string[] = []
  const settings = loadSettings({ DATABASE_URL: await databaseUrl(t), MIGRATE: 'true', LOG_LEVEL: 'debug', ...env })
  const authtoken = await openAuthtoken(openOptions(settings))
  const server = await buildServer(settings, authtoken, { stream: { write: (line) => { log.push(line) } } })
  t.teardown(() => server.close())
  return { server, authtoken, log, settings }
}
