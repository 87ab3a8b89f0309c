import t from 'tap'
import { databaseOptions, openOptions } from '../../../src/service/open-options.js'
import { loadSettings } from '../../../src/service/settings.js'

t.test('what is the default anyhow is left out', async (t) => {
  t.same(openOptions(loadSettings({})), { database: 'file:./authtoken.db' })
  t.same(openOptions(loadSettings({ USER_TABLE: 'auth_user', CACHE_SIZE: '100000', TOKEN_SLIDING: 'off' })), { database: 'file:./authtoken.db' })
  t.same(databaseOptions(loadSettings({})), {})
})

t.test('each variable is the option that it sets, in its group', async (t) => {
  const settings = loadSettings({
    DATABASE_URL: 'postgres://h/d',
    USER_TABLE: 'people',
    MIGRATE: 'false',
    DATABASE_POOL_SIZE: '5',
    DATABASE_QUERY_TIMEOUT_MS: '700',
    CACHE_WITHOUT_LISTEN: 'ttl',
    CACHE_SIZE: '0',
    TOKENS: 'access',
    TOKEN_SLIDING: 'on',
    PASSWORD_REHASH: 'off',
    PASSWORD_QUEUE: '9',
    KEYWORDS: 'Bearer',
    ADMINISTRATORS: 'staff'
  })
  const opened = { users: { table: 'people' }, pool: { size: 5, queryTimeoutMs: 700 }, withoutListen: 'ttl' }
  t.same(databaseOptions(settings), opened)
  t.same(openOptions(settings), {
    ...opened,
    database: 'postgres://h/d',
    migrate: false,
    cache: { size: 0 },
    tokens: { kind: 'access', sliding: true },
    passwords: { rehash: false, size: 9 }
  })
})
