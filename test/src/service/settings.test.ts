import t from 'tap'
import { loadSettings, settingsSchema } from '../../../src/service/settings.js'

t.test('the defaults are a service on loopback with a file beside it', async (t) => {
  const settings = loadSettings({ PATH: '/bin', PORT: '' })
  t.same(settings, {
    HOST: '127.0.0.1',
    PORT: 8000,
    WORKERS: 1,
    DATABASE_URL: 'file:./authtoken.db',
    USER_TABLE: 'auth_user',
    USERNAME_COLUMN: 'username',
    BUSY_TIMEOUT_MS: 5,
    DATABASE_POOL_SIZE: 10,
    DATABASE_CONNECT_TIMEOUT_MS: 2_000,
    DATABASE_QUERY_TIMEOUT_MS: 5_000,
    DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: 2_000,
    CACHE_SIZE: 100_000,
    CACHE_TTL_MS: 300_000,
    CACHE_WITHOUT_LISTEN: 'ask',
    KEYWORDS: ['Token'],
    ADMINISTRATORS: 'superuser',
    FORWARD_AUTH_HEADERS: ['X-Auth-User', 'X-Auth-User-Id', 'X-Auth-Email', 'X-Auth-Scope', 'X-Auth-Token-Id', 'X-Auth-Staff'],
    REVOCATION_STREAMS: 1_000,
    REVOCATION_STREAMS_PER_TOKEN: 100,
    TOKENS: 'drf',
    TOKEN_PREFIX: 'fat',
    TOKEN_EXPIRES_IN: 0,
    LOGIN_EXPIRES_IN: 2_592_000,
    TOKEN_MAX_LIFE: 0,
    TOKEN_SLIDING: false,
    TOKEN_LIMIT: 100,
    TOKEN_AT_LIMIT: 'reject',
    PASSWORD_QUEUE: 200,
    BODY_LIMIT: 262_144,
    REQUEST_TIMEOUT_MS: 30_000,
    TRUST_PROXY: false,
    DOCS: 'on',
    LOG_LEVEL: 'info'
  })
  t.ok(Object.isFrozen(settings))
})

t.test('numbers are read from text', async (t) => {
  t.match(loadSettings({ PORT: '0', PASSWORD_CONCURRENCY: '3', KEYWORDS: 'Token,Bearer' }), { PORT: 0, PASSWORD_CONCURRENCY: 3, KEYWORDS: ['Token', 'Bearer'] })
})

t.test('all that is wrong is named at once, with what would be right, and never its value', async (t) => {
  const wrong = Object.fromEntries(Object.keys(settingsSchema.properties).map((name) => [name, name === 'HOST' ? undefined : ' s3cret ']))
  try {
    loadSettings(wrong)
    t.fail('accepted')
  } catch (error) {
    const { message, code } = error as Error & { code: string }
    t.equal(code, 'AUTHTOKEN_INVALID_SETTINGS')
    t.notMatch(message, 's3cret')
    for (const name of Object.keys(settingsSchema.properties)) if (name !== 'HOST') t.match(message, `${name} must be`, name)
    t.match(message, 'PORT must be a whole number from 0 to 65535')
    t.match(message, 'ADMINISTRATORS must be one of superuser, staff')
    t.match(message, 'DATABASE_URL must be file:<path>')
    t.match(message, 'KEYWORDS must be one or more words')
  }
})

t.test('workers are counted from 1, and share no database that is in memory alone', async (t) => {
  t.equal(loadSettings({}).WORKERS, 1)
  t.equal(loadSettings({ WORKERS: '1', DATABASE_URL: 'file::memory:' }).WORKERS, 1)
  t.equal(loadSettings({ WORKERS: '256' }).WORKERS, 256)
  const message = 'WORKERS must be a whole number from 1 to 256, and 1 with file::memory:, which no other process sees'
  for (const WORKERS of ['0', '-1', '1.5', 'abc', '257']) t.throws(() => loadSettings({ WORKERS }), { message }, WORKERS)
  t.throws(() => loadSettings({ WORKERS: '2', DATABASE_URL: 'file::memory:' }), { message })
})
