import fastifyAuth from '@fastify/auth'
import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import authtoken, { type HostOptions } from '../../src/index.js'
import { databaseUrl } from '../support/databases.js'
import { hostTables, peopleTable, tokenTables } from '../support/host-tables.js'

type Register = (app: FastifyInstance) => Promise<unknown>

/** A host with routes, parsers, decorators, hooks and handlers of its own, inside and outside the plugin's scope. */
async function build (options: FastifyServerOptions, before: Register, plugin: Register, after: Register): Promise<FastifyInstance> {
  const app = Fastify(options)
  app.decorate('mine', 'mine')
  app.decorateRequest('trace', '')
  app.addHook('onRequest', async (request) => { (request as unknown as { trace: string }).trace = 'traced' })
  app.addHook('onSend', async (_request, reply) => { reply.header('x-host', 'yes') })
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => { reply.code(error.statusCode ?? 500).send({ host: error.message }) })
  app.setNotFoundHandler((_request, reply) => { reply.code(404).send({ host: 'not found' }) })
  app.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => { done(null, { csv: body }) })
  app.register(async (outside) => {
    outside.get('/outside', async (request) => ({ user: 'user' in request, auth: 'auth' in request, authtoken: 'authtoken' in outside }))
  })
  await app.register(async (scope) => {
    await before(scope)
    await plugin(scope)
    await after(scope)
    scope.get('/hello', async (request) => ({ mine: (scope as unknown as { mine: string }).mine, trace: (request as unknown as { trace: string }).trace }))
    scope.post('/echo', async (request) => ({ body: request.isMultipart?.() ? 'multipart' : request.body }))
    scope.post('/checked', { schema: { body: { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'] } } }, async ({ body }) => body)
    scope.get('/fails', async () => { throw new Error('failed') })
    scope.get('/teapot', async (_request, reply) => reply.code(418).send('teapot'))
    scope.get('/own', { errorHandler: (error, _request, reply) => { reply.code(599).send({ own: error.message }) } }, async () => { throw new Error('failed') })
  })
  return app
}

const REQUESTS = [
  { method: 'GET', url: '/hello' },
  { method: 'HEAD', url: '/hello' },
  { method: 'GET', url: '/hello/' },
  { method: 'GET', url: '/hello', headers: { authorization: 'Basic eDp5' } },
  { method: 'GET', url: '/outside' },
  { method: 'GET', url: '/outside', headers: { authorization: 'Token x' } },
  { method: 'GET', url: '/missing' },
  { method: 'POST', url: '/hello' },
  { method: 'GET', url: '/fails' },
  { method: 'GET', url: '/teapot' },
  { method: 'GET', url: '/own' },
  { method: 'POST', url: '/echo', payload: { a: 1 } },
  { method: 'POST', url: '/echo', headers: { 'content-type': 'application/json' }, payload: '{"a":' },
  { method: 'POST', url: '/echo', headers: { 'content-type': 'application/json' }, payload: '' },
  { method: 'POST', url: '/echo', headers: { 'content-type': 'text/plain' }, payload: 'plain' },
  { method: 'POST', url: '/echo', headers: { 'content-type': 'text/csv' }, payload: 'a,b' },
  { method: 'POST', url: '/echo', headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'a=1&b=2' },
  { method: 'POST', url: '/echo', headers: { 'content-type': 'multipart/form-data; boundary=b' }, payload: '--b--' },
  { method: 'POST', url: '/echo', headers: { 'content-type': 'text/xml' }, payload: '<a/>' },
  { method: 'POST', url: '/checked', payload: { count: '7' } },
  { method: 'POST', url: '/checked', payload: { count: 'x' } }
] as const

const nothing: Register = async () => {}
const parsers: Register = async (app) => {
  await app.register(formbody)
  await app.register(multipart)
}

const ofDjango = async (t: Test): Promise<Register> => {
  const database = await databaseUrl(t)
  return async (app) => await app.register(authtoken, { migrate: true, database })
}

const ofHost = async (t: Test): Promise<Register> => {
  const people = peopleTable()
  const tables = tokenTables(people)
  const { db } = await hostTables(t, { people, ...tables })
  return async (app) => await app.register(authtoken, { database: db, tables, users: { table: people } } as unknown as HostOptions)
}

for (const ignoreTrailingSlash of [false, true]) {
  for (const [title, before, after, plugin = ofDjango] of [
    ['no plugins of its own', nothing, nothing],
    ['users of its own', nothing, nothing, ofHost],
    ['@fastify/auth, formbody and multipart before', async (app: FastifyInstance) => { await app.register(fastifyAuth); await parsers(app) }, nothing],
    ['formbody and multipart after', nothing, parsers]
  ] as const) {
    t.test(`a host with ${title}, ignoreTrailingSlash ${ignoreTrailingSlash}, behaves as without the plugin`, async (t) => {
      const options = { routerOptions: { ignoreTrailingSlash } }
      const plain = await build(options, before, nothing, after)
      const equipped = await build(options, before, await plugin(t), after)
      t.teardown(() => Promise.all([plain.close(), equipped.close()]))
      for (const request of REQUESTS) {
        const [expected, got] = await Promise.all([plain.inject(request), equipped.inject(request)])
        const { date: _, ...expectedHeaders } = expected.headers
        const { date: __, ...gotHeaders } = got.headers
        const name = `${request.method} ${request.url} ${JSON.stringify('headers' in request ? request.headers : '')}`
        t.equal(got.statusCode, expected.statusCode, name)
        t.equal(got.body, expected.body, name)
        t.same(gotHeaders, expectedHeaders, name)
      }
      const exchange = await equipped.inject({ method: 'POST', url: '/api-token-auth/', headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'username=a' })
      t.same(exchange.json(), { password: ['This field is required.'] })
      t.equal((await equipped.inject({ method: 'POST', url: '/api-token-auth' })).statusCode, 400, 'without the trailing slash')
    })
  }
}
