import type { TSchema } from '@sinclair/typebox'
import { Errors } from '@sinclair/typebox/errors'
import { IDENTITY_HEADER_PATTERN, IDENTITY_HEADERS } from '../api/identity-headers.js'
import { InvalidSettings } from '../errors.js'
import { type OptionAt, optionAt, type OptionPath } from '../options/all-options.js'
import { type About, type Defaulted, flag, list, milliseconds, oneOf, text, wholeNumber } from '../options/kinds.js'
import { type Complete, group } from '../options/option-groups.js'

const MEMORY_URL = 'file::memory:'
const ON_OFF = ['on', 'off']

/** The settings of the service, by the names of their environment variables. `docs/settings.md` says more of each. */
export const settingsSchema = group({
  HOST: text('.', { default: '127.0.0.1', right: 'an address', description: 'address to listen on' }),
  PORT: wholeNumber(0, 65_535, { default: 8000, description: 'port to listen on; 0 takes a free one' }),
  WORKERS: wholeNumber(1, 256, {
    default: 1,
    right: `a whole number from 1 to 256, and 1 with ${MEMORY_URL}, which no other process sees`,
    description: 'processes that share the port, each with its own cache, pool and hashing threads'
  }),
  DATABASE_URL: option('database', { default: 'file:./authtoken.db' }),
  USER_TABLE: option('users.table'),
  USERNAME_COLUMN: option('users.username'),
  MIGRATE: option('migrate', { words: ['true', 'false'] }),
  BUSY_TIMEOUT_MS: option('busyTimeoutMs'),
  DATABASE_POOL_SIZE: option('pool.size'),
  DATABASE_CONNECT_TIMEOUT_MS: option('pool.connectTimeoutMs'),
  DATABASE_QUERY_TIMEOUT_MS: option('pool.queryTimeoutMs'),
  DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: option('pool.idleInTransactionTimeoutMs'),
  CACHE_SIZE: option('cache.size'),
  CACHE_TTL_MS: option('cache.ttlMs'),
  CACHE_WITHOUT_LISTEN: option('withoutListen'),
  KEYWORDS: option('keywords', { right: 'one or more words without spaces, separated by commas, as Token,Bearer' }),
  ADMINISTRATORS: option('administrators'),
  FORWARD_AUTH_HEADERS: list(IDENTITY_HEADER_PATTERN, '', {
    default: IDENTITY_HEADERS,
    right: `${IDENTITY_HEADERS.length} different names with commas between them, each X- or Remote- and letters, digits and hyphens, ` +
      `as ${IDENTITY_HEADERS.join(',')}`,
    description: 'the headers in which `/forward-auth` says who the caller is: name, id, e-mail address, scope, token id, staff'
  }),
  REVOCATION_STREAMS: wholeNumber(1, 100_000, {
    default: 1_000,
    description: 'streams of `/revocations` that may be open at a time; past that they get 503 with `Retry-After`'
  }),
  REVOCATION_STREAMS_PER_TOKEN: wholeNumber(1, 100_000, { default: 100, description: 'the same for the streams that one token opened' }),
  TOKENS: option('tokens.kind'),
  TOKEN_PREFIX: option('tokens.prefix'),
  TOKEN_EXPIRES_IN: option('tokens.expiresIn'),
  LOGIN_EXPIRES_IN: option('tokens.loginExpiresIn'),
  TOKEN_MAX_LIFE: option('tokens.maxLife'),
  TOKEN_SLIDING: option('tokens.sliding', { words: ON_OFF }),
  TOKEN_LIMIT: option('tokens.limit'),
  TOKEN_AT_LIMIT: option('tokens.atLimit'),
  PASSWORD_HASHER: option('passwords.hasher', { usual: "`argon2`; `pbkdf2_sha256` on a database of Django's" }),
  PASSWORD_REHASH: option('passwords.rehash', { words: ON_OFF, usual: "`on`; `off` on a database of Django's" }),
  PASSWORD_CONCURRENCY: option('passwords.concurrency', { usual: 'the number of cores less one, divided among the workers, from 1 to 4' }),
  PASSWORD_QUEUE: option('passwords.size'),
  BODY_LIMIT: wholeNumber(1024, 104_857_600, { default: 262_144, description: 'largest request body, in bytes' }),
  REQUEST_TIMEOUT_MS: milliseconds(1000, 600_000, {
    default: 30_000,
    description: 'how long a client may take to send a request, head and body, in milliseconds'
  }),
  TRUST_PROXY: flag({
    default: false,
    words: ON_OFF,
    description: 'whether `X-Forwarded-*` headers are believed: only behind a proxy that sets them'
  }),
  PUBLIC_URL: text('^https?://[^\\s/?#@\\\\]+(/[^\\s?#\\\\]*)?$', {
    usual: 'none',
    right: 'http:// or https://, a host, and a path if there is one, as https://auth.example.org',
    description: 'address by which clients know the service: links and the metadata name it'
  }),
  PUBLIC_HOSTS: list('^(?:[A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?$', 'a host', {
    usual: 'none',
    right: 'one or more hosts, with their port where it is not the usual one, separated by commas, as auth.example.org,10.0.0.7:8000',
    description: 'without `PUBLIC_URL`: hosts by which clients may call the service, beside those of loopback'
  }),
  DOCS: oneOf(['on', 'callers', 'off'], {
    default: 'on',
    description: 'who may read `/openapi.json` and its page `/docs`: everybody, who is authenticated, or nobody'
  }),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info', description: 'level of the log' })
})

/** The checked settings. Frozen: nothing changes them after the start. */
export type Settings = Readonly<Complete<typeof settingsSchema['properties']>>

/** The variables that set an option of the plugin, and the paths of those options. */
export const variablesOfOptions: ReadonlyArray<{ variable: keyof Settings, path: OptionPath }> =
  Object.entries<TSchema>(settingsSchema.properties).flatMap(([variable, { option: path }]) =>
    path === undefined ? [] : [{ variable: variable as keyof Settings, path }])

/** What a variable must be, in words. */
export const mustBe = ({ words, right }: TSchema): string => words === undefined ? right : `one of ${words.join(', ')}`

/**
 * Reads the settings from an environment.
 * @param env as `process.env`; an empty variable counts as not set
 * @throws InvalidSettings that names every setting that is wrong, and what would be right; never its value
 */
export function loadSettings (env: NodeJS.ProcessEnv): Settings {
  const schemas = Object.entries<TSchema>(settingsSchema.properties)
  const given = schemas.map(([name, schema]) => [name, valueOf(schema, env[name])]).filter(([, value]) => value !== undefined)
  const settings = Object.fromEntries(given) as Settings
  const wrong = new Set([...Errors(settingsSchema, settings)].map(({ path }) => path.split('/')[1] as keyof Settings))
  if (!isListOfHeaders(settings.FORWARD_AUTH_HEADERS)) wrong.add('FORWARD_AUTH_HEADERS')
  if (settings.DATABASE_URL === MEMORY_URL && settings.WORKERS > 1) wrong.add('WORKERS')
  const problems = [...wrong].map((name) => `${name} must be ${mustBe(settingsSchema.properties[name])}`)
  if (problems.length > 0) throw new InvalidSettings(problems.join('; '))
  return Object.freeze(settings)
}

/** What a variable says. Text that is not what it should be stays as it is. */
function valueOf (schema: TSchema, said: string | undefined): unknown {
  if (said === undefined || said === '') return schema.default
  if (schema.type === 'array') return said.split(',')
  if (schema.type === 'boolean') return schema.words.includes(said) ? said === schema.words[0] : said
  return schema.type === 'integer' && said.trim() !== '' && Number.isInteger(Number(said)) ? Number(said) : said
}

/** Whether it is as many names as there are headers, all different as HTTP compares them. */
function isListOfHeaders (names: string[]): boolean {
  return names.length === IDENTITY_HEADERS.length && new Set(names.map((name) => name.toLowerCase())).size === names.length
}

/** An option of the plugin as a variable. @param more what is said otherwise of it; `words`: how a variable says true and false */
function option<Path extends OptionPath, More extends Partial<About<unknown>> & { words?: string[] }> (path: Path, more?: More) {
  return { ...optionAt(path), ...more, option: path } as unknown as More extends { default: string } ? Defaulted<string> : OptionAt<Path>
}
