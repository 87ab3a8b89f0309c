import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { envSchema } from 'env-schema'
import { DATABASE_URL_PATTERN, DATABASE_URL_PROBLEM } from './database/open.js'
import { InvalidSettings } from './errors.js'
import { PREFIX_PATTERN } from './tokens/format.js'
import { MAX_DURATION } from './tokens/life.js'

const oneOf = <const Values extends readonly string[]>(values: Values, options: { description: string, default?: Values[number] }) =>
  Type.Unsafe<Values[number]>({ type: 'string', enum: values, ...options })

const milliseconds = (value: number, description: string) => Type.Integer({ minimum: 100, maximum: 600_000, default: value, description: `${description} In milliseconds.` })
const seconds = (value: number, description: string) => Type.Integer({ minimum: 0, maximum: MAX_DURATION, default: value, description })

/** The settings of the service, by the names of their environment variables. `docs/settings.md` says more of each. */
export const settingsSchema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'Address to listen on.' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65535, default: 8000, description: 'Port to listen on; 0 takes a free one.' }),
  DATABASE_URL: Type.String({ pattern: DATABASE_URL_PATTERN, default: 'file:./authtoken.db', description: 'The database: file:<path>, or postgres://<user>:<password>@<host>:<port>/<database>.' }),
  MIGRATE: Type.Optional(oneOf(['true', 'false'], { description: 'Whether serve brings the tables up to date first; by default true for a file, and false for PostgreSQL.' })),
  BUSY_TIMEOUT_MS: Type.Integer({ minimum: 0, maximum: 10_000, default: 5, description: 'SQLite: how long a statement waits for a lock on the file, in milliseconds. It blocks the event loop.' }),
  DATABASE_POOL_SIZE: Type.Integer({ minimum: 1, maximum: 1000, default: 10, description: 'PostgreSQL: connections at most, beside the one that listens.' }),
  DATABASE_CONNECT_TIMEOUT_MS: milliseconds(2_000, 'PostgreSQL: how long to wait for a connection.'),
  DATABASE_QUERY_TIMEOUT_MS: milliseconds(5_000, 'PostgreSQL: how long a statement may take, on the server and on the way.'),
  DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: milliseconds(10_000, 'PostgreSQL: after how long the server ends a transaction that nobody goes on with.'),
  CACHE_SIZE: Type.Integer({ minimum: 0, maximum: 10_000_000, default: 100_000, description: 'Tokens that are remembered at most; 0: none.' }),
  CACHE_TTL_MS: Type.Integer({ minimum: 1, maximum: 86_400_000, default: 300_000, description: 'How long a token is remembered at most, in milliseconds. Revocations are seen at once, whatever this says.' }),
  CACHE_WITHOUT_LISTEN: oneOf(['ask', 'ttl'], { default: 'ask', description: 'PostgreSQL: where no revocation can be heard of, the database is asked at each check, or an answer is remembered for one second.' }),
  KEYWORDS: Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+(,[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$", default: 'Token', description: 'Keywords of the Authorization header, separated by commas; the first is the challenge.' }),
  ADMINISTRATORS: oneOf(['superuser', 'staff'], { default: 'superuser', description: 'Who may administer users and their tokens.' }),
  TOKENS: oneOf(['drf', 'access'], { default: 'drf', description: 'What new users and the exchange get: the DRF token, or access tokens.' }),
  TOKEN_PREFIX: Type.String({ pattern: PREFIX_PATTERN, default: 'fat', description: 'What access tokens begin with.' }),
  TOKEN_EXPIRES_IN: seconds(0, 'Life of an access token that is made without expires_in, in seconds; 0: without end.'),
  LOGIN_EXPIRES_IN: seconds(2_592_000, 'The same for access tokens that the exchange makes.'),
  TOKEN_MAX_LIFE: seconds(0, 'The longest life of an access token, in seconds; 0: any.'),
  TOKEN_SLIDING: oneOf(['on', 'off'], { default: 'off', description: 'Whether each use pushes the expiry of an access token, up to TOKEN_MAX_LIFE.' }),
  TOKEN_LIMIT: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 100, description: 'Access tokens that a user may have; 0: any number.' }),
  TOKEN_AT_LIMIT: oneOf(['reject', 'replace'], { default: 'reject', description: 'At the limit a new access token is refused, or takes the place of the oldest.' }),
  PASSWORD_HASHER: Type.Optional(oneOf(['argon2', 'scrypt', 'bcrypt_sha256', 'pbkdf2_sha256'], { description: 'Algorithm of new passwords; by default argon2, and pbkdf2_sha256 on a database of Django\'s.' })),
  PASSWORD_REHASH: Type.Optional(oneOf(['on', 'off'], { description: 'Whether a good login replaces a weaker hash; by default on, and off on a database of Django\'s.' })),
  PASSWORD_CONCURRENCY: Type.Optional(Type.Integer({ minimum: 1, maximum: 64, description: 'Hashes computed at once; by default the number of cores less one, from 1 to 4.' })),
  PASSWORD_QUEUE: Type.Integer({ minimum: 1, maximum: 100_000, default: 200, description: 'Logins that may wait for a hash; past that they get 503.' }),
  BODY_LIMIT: Type.Integer({ minimum: 1024, maximum: 104_857_600, default: 262_144, description: 'Largest request body, in bytes.' }),
  REQUEST_TIMEOUT_MS: Type.Integer({ minimum: 1000, maximum: 600_000, default: 30_000, description: 'How long a client may take to send a request, in milliseconds.' }),
  TRUST_PROXY: oneOf(['on', 'off'], { default: 'off', description: 'Whether X-Forwarded-* headers are believed: only behind a proxy that sets them.' }),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info', description: 'Level of the log.' })
})

/** The checked settings. Frozen: nothing changes them after the start. */
export type Settings = Readonly<Static<typeof settingsSchema>>

/**
 * Reads the settings from an environment.
 * @param env as `process.env`; an empty variable counts as not set
 * @throws InvalidSettings that names every setting that is wrong, and what would be right; never its value
 */
export function loadSettings (env: NodeJS.ProcessEnv): Settings {
  const data = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in settingsSchema.properties && value !== ''))
  try {
    return Object.freeze(envSchema<Static<typeof settingsSchema>>({ schema: settingsSchema, data, env: false }))
  } catch (error) {
    const wrong = new Set(((error as { errors?: Array<{ instancePath: string }> }).errors ?? []).map(({ instancePath }) => instancePath.slice(1)))
    if (wrong.size === 0) throw error
    throw new InvalidSettings([...wrong].map(explain).join('; '))
  }
}

function explain (name: string): string {
  const schema = settingsSchema.properties[name as keyof typeof settingsSchema.properties] as TSchema
  if (name === 'DATABASE_URL') return DATABASE_URL_PROBLEM
  if (name === 'TOKEN_PREFIX') return 'TOKEN_PREFIX must be 1 to 12 lower-case letters and digits, as fat'
  if (name === 'KEYWORDS') return 'KEYWORDS must be one or more words without spaces, separated by commas, as Token,Bearer'
  if (schema.enum !== undefined) return `${name} must be one of ${(schema.enum as string[]).join(', ')}`
  return `${name} must be a whole number from ${schema.minimum} to ${schema.maximum}`
}
