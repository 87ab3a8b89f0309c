import Fastify from 'fastify'
import t from 'tap'
import authtoken, { remote, type RemoteOptions } from '../../../src/remote.js'

const refused = (options: unknown): string => {
  try {
    remote(options as RemoteOptions)
    return 'accepted'
  } catch (error) {
    t.equal((error as { code: string }).code, 'AUTHTOKEN_INVALID_SETTINGS')
    return (error as Error).message
  }
}

t.test('every option that is wrong is named at once, without its value', async (t) => {
  t.equal(refused({ url: 'https://me:pass@host', token: 'with space', ttlMs: 0, size: -1, timeoutMs: '1', connections: 0, feed: 'yes', prefix: 'A_', keyword: 'To ken', log: {}, cache: 5 }),
    'remote: url must be the address of a service, as https://auth.example.org, without user, query or fragment; ' +
    'cache is not an option; ' +
    'token must be a token of the service; ' +
    'ttlMs must be a whole number of milliseconds from 1 to 86400000; ' +
    'size must be a whole number from 0 to 10000000; ' +
    'timeoutMs must be a whole number of milliseconds from 1 to 600000; ' +
    'connections must be a whole number from 1 to 1000; ' +
    'feed must be true or false; ' +
    'prefix must be 1 to 12 lower-case letters and digits, as fat; ' +
    'keyword must be a word without spaces; ' +
    'log.warn must be a function of a message')
})

t.test('the address and the token are needed', async (t) => {
  const problem = 'remote: url must be the address of a service, as https://auth.example.org, without user, query or fragment; token must be a token of the service'
  t.equal(refused({}), problem)
  t.equal(refused(undefined), problem)
  for (const url of ['auth.example.org', 'ftp://host', 'http://host?x=1', 'http://host/#x', 'http://[', 5]) t.match(refused({ url, token: 'x' }), /^remote: url must be/)
  for (const token of ['', 'ö', 'a\nb']) t.equal(refused({ url: 'http://host', token }), 'remote: token must be a token of the service')
})

t.test('the plugin of applications without a database takes an authenticator, and options that are its own', async (t) => {
  const register = async (options: object) => await Fastify().register(authtoken, options as never).then(() => 'accepted', ({ message }) => message)
  t.equal(await register({}), 'authtoken: authenticator must be an object with a function authenticate')
  t.equal(await register({ authenticator: { authenticate: () => null, close: 5 }, database: 'file:x', keywords: [] }), 'authtoken: database is not an option; authenticator.close must be a function; keywords must be a list of at least one keyword, as [\'Token\']')
  t.equal(await register({ authenticator: { authenticate: () => null } }), 'accepted')
})

t.test('an authenticator is closed with its application, where it can be', async (t) => {
  let closed = 0
  const app = Fastify()
  await app.register(authtoken, { authenticator: { authenticate: () => null, close: async () => { closed++ } } })
  await app.close()
  t.equal(closed, 1)
})
