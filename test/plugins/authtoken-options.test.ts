import Fastify from 'fastify'
import t from 'tap'
import authtoken from '../../src/index.js'

const refused = async (options: object) => {
  try {
    await Fastify().register(authtoken, options as never)
    return 'accepted'
  } catch (error) {
    return (error as Error).message
  }
}

t.test('every option that is wrong is named, all at once, with what would be right', async (t) => {
  t.equal(await refused({
    database: 5,
    keywords: ['To ken'],
    defaultPermission: 'isSuper',
    public: ['documentation'],
    notFound: 'closed',
    errors: 'html',
    migrate: 'yes',
    busyTimeoutMs: -1,
    onUserCreated: true,
    passwords: { hasher: 'md5', threads: 4 },
    exchange: { alow: () => true },
    databse: 'file:x'
  }), 'authtoken: databse is not an option; ' +
    'keywords.0 must be a word without spaces; ' +
    'defaultPermission must be one of allowAny, isAuthenticated, isAdminUser, isAuthenticatedOrReadOnly; ' +
    "public.0 must be a list of paths, as '/documentation/*', and functions of a route; " +
    'notFound must be one of open, guard; ' +
    'errors must be one of drf, throw; ' +
    'database must be file:<path>, postgres://…, or a Drizzle instance; ' +
    'migrate must be true or false; ' +
    'busyTimeoutMs must be a whole number of milliseconds from 0 to 10000; ' +
    'passwords.threads is not an option; ' +
    'passwords.hasher must be one of argon2, scrypt, bcrypt_sha256, pbkdf2_sha256; ' +
    'onUserCreated must be a function of the new user, or false; ' +
    'exchange must be an object with path, allow and reply, or false')
})

t.test('a database or an authenticator, not both and not neither', async (t) => {
  t.equal(await refused({}), 'authtoken: either database or authenticator must be given')
  t.match(await refused({ database: 'file:x', authenticator: { authenticate () {} } }), /either database or authenticator/)
  t.equal(await refused({ authenticator: {} }), 'authtoken: authenticator.authenticate must be a function of a key')
  t.equal(await refused({ authenticator: { authenticate () {} }, exchange: false }), 'authtoken: exchange is not an option')
})

t.test('a URL of another kind is refused without being quoted', async (t) => {
  t.equal(await refused({ database: 'mysql://me:secret@host/db' }), 'authtoken: database must be file:<path>, postgres://…, or a Drizzle instance')
})

t.test('what no node could work with is refused, as the service refuses it', async (t) => {
  t.equal(await refused({
    database: 'file::memory:',
    busyTimeoutMs: 3_600_000,
    pool: { size: 0, queryTimeoutMs: 99 },
    cache: { ttlMs: 1e12 },
    passwords: { concurrency: 5000 },
    tokens: { limit: 1e9 }
  }), 'authtoken: busyTimeoutMs must be a whole number of milliseconds from 0 to 10000; ' +
    'pool.size must be a whole number from 1 to 1000; ' +
    'pool.queryTimeoutMs must be a whole number of milliseconds from 100 to 600000; ' +
    'cache.ttlMs must be a whole number of milliseconds from 1 to 86400000; ' +
    'passwords.concurrency must be a whole number from 1 to 64; ' +
    'tokens.limit must be a whole number from 0 to 1000000')
})
