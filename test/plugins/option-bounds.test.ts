import type { TSchema } from '@sinclair/typebox'
import t from 'tap'
import { checkOptions } from '../../plugins/authtoken-options.js'
import { allOptions } from '../../src/options/all-options.js'
import { loadSettings, variablesOfOptions } from '../../src/service/settings.js'

const LIFE = 3_155_760_000
const NAME = 'a'.repeat(63)

/** Of each option: its variable, values that are right, values that are not. */
const OPTIONS: Record<string, { variable: string, right: unknown[], wrong: unknown[] }> = {
  database: { variable: 'DATABASE_URL', right: ['file:x', 'postgres://h/d', 'postgresql://h/d'], wrong: ['mysql://x', 'file:', 5] },
  'users.table': { variable: 'USER_TABLE', right: ['people_person', '_', NAME], wrong: ['people person', '1st', `${NAME}a`, 'a-b'] },
  'users.username': { variable: 'USERNAME_COLUMN', right: ['email', NAME], wrong: ['e-mail', `${NAME}a`] },
  migrate: { variable: 'MIGRATE', right: [true, false], wrong: ['maybe', 1] },
  busyTimeoutMs: number('BUSY_TIMEOUT_MS', 0, 10_000, [3_600_000]),
  'pool.size': number('DATABASE_POOL_SIZE', 1, 1000),
  'pool.connectTimeoutMs': number('DATABASE_CONNECT_TIMEOUT_MS', 100, 600_000),
  'pool.queryTimeoutMs': number('DATABASE_QUERY_TIMEOUT_MS', 100, 600_000),
  'pool.idleInTransactionTimeoutMs': number('DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS', 100, 600_000),
  withoutListen: words('CACHE_WITHOUT_LISTEN', 'ask', 'ttl'),
  'cache.size': number('CACHE_SIZE', 0, 10_000_000),
  'cache.ttlMs': number('CACHE_TTL_MS', 1, 86_400_000, [1e12]),
  keywords: { variable: 'KEYWORDS', right: [['Token'], ['Bearer', 'Token']], wrong: [['To ken'], ['Token', ''], ['Tokén']] },
  administrators: words('ADMINISTRATORS', 'superuser', 'staff'),
  'tokens.kind': words('TOKENS', 'drf', 'access'),
  'tokens.prefix': { variable: 'TOKEN_PREFIX', right: ['f', 'fat', 'a1b2c3d4e5f6'], wrong: ['FAT', 'a_b', 'a1b2c3d4e5f6g'] },
  'tokens.expiresIn': number('TOKEN_EXPIRES_IN', 0, LIFE),
  'tokens.loginExpiresIn': number('LOGIN_EXPIRES_IN', 0, LIFE),
  'tokens.maxLife': number('TOKEN_MAX_LIFE', 0, LIFE),
  'tokens.sliding': { variable: 'TOKEN_SLIDING', right: [true, false], wrong: ['maybe', 1] },
  'tokens.limit': number('TOKEN_LIMIT', 0, 1_000_000, [1e9]),
  'tokens.atLimit': words('TOKEN_AT_LIMIT', 'reject', 'replace'),
  'passwords.hasher': words('PASSWORD_HASHER', 'argon2', 'scrypt', 'bcrypt_sha256', 'pbkdf2_sha256'),
  'passwords.rehash': { variable: 'PASSWORD_REHASH', right: [true, false], wrong: ['maybe', 1] },
  'passwords.concurrency': number('PASSWORD_CONCURRENCY', 1, 64, [5000]),
  'passwords.size': number('PASSWORD_QUEUE', 1, 100_000)
}

function number (variable: string, least: number, most: number, more: number[] = []) {
  return { variable, right: [least, most], wrong: [least - 1, most + 1, least + 0.5, 'many', ...more] }
}

function words (variable: string, ...right: string[]) {
  return { variable, right, wrong: [`${right[0]}x`, 5] }
}

/** What the plugin says of a value; null: nothing. */
function plugin (path: string, value: unknown): string | null {
  const [name, inner] = path.split('.') as [string, string?]
  return problem(() => checkOptions({ database: 'file:x', [name]: inner === undefined ? value : { [inner]: value } }))
}

/** What the service says of the variable with that value. */
function service (variable: string, value: unknown): string | null {
  const [yes, no] = MORE_WORDS[variable] ?? ['on', 'off']
  const text = value === true ? yes : value === false ? no : String(value)
  return problem(() => loadSettings({ [variable]: text }))
}

const MORE_WORDS: Record<string, [string, string]> = { MIGRATE: ['true', 'false'] }

function problem (action: () => void): string | null {
  try {
    action()
    return null
  } catch (error) {
    return (error as Error).message
  }
}

for (const [path, { variable, right, wrong }] of Object.entries(OPTIONS)) {
  t.test(`${path} and ${variable} take the same values`, async (t) => {
    for (const value of right) t.same([plugin(path, value), service(variable, value)], [null, null], String(value))
    for (const value of wrong) {
      const item = Array.isArray(value) ? '\\.\\d' : ''
      t.match(plugin(path, value), new RegExp(`^authtoken: ${path}${item} must be `), String(value))
      t.match(service(variable, value), new RegExp(`^${variable} must be `), String(value))
    }
  })
}

t.test('these are all the options that a variable can set', async (t) => {
  t.same(new Map(variablesOfOptions.map(({ path, variable }) => [path, variable])), variablesOf(OPTIONS))
  const others = pathsOf(allOptions.properties).filter((path) => !(path in OPTIONS))
  t.same(others, ['defaultPermission', 'public', 'notFound', 'errors'], 'the service has no use for these')
})

const variablesOf = (options: typeof OPTIONS) => new Map(Object.entries(options).map(([path, { variable }]) => [path, variable]))

function pathsOf (properties: Record<string, TSchema>, prefix = ''): string[] {
  return Object.entries(properties).flatMap(([name, { properties }]) =>
    properties === undefined ? [`${prefix}${name}`] : pathsOf(properties, `${name}.`))
}
