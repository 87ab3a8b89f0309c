import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Errors } from '@sinclair/typebox/errors'
import { DATABASE_FORM, DATABASE_PATTERN } from '../database/open-database.js'
import { InvalidSettings } from '../errors.js'
import { PREFIX_PATTERN } from '../tokens/format.js'
import { MAX_DURATION } from '../tokens/expiry.js'
import { IDENTITY_HEADERS, IDENTITY_HEADERS_PATTERN } from '../api/identity-headers.js'

const oneOf = <const Values extends readonly string[]>(values: Values, options: { description: string, default?: Values[number] }) =>
  Type.Unsafe<Values[number]>(Type.Union(values.map((value) => Type.Literal(value)), options))

const milliseconds = (value: number, description: string) => Type.Integer({ minimum: 100, maximum: 600_000, default: value, description: `${description} In milliseconds.` })
const seconds = (value: number, description: string) => Type.Integer({ minimum: 0, maximum: MAX_DURATION, default: value, description })

const MEMORY_URL = 'file::memory:'
// The longest that PostgreSQL has.
const NAME_PATTERN = '^[A-Za-z_][A-Za-z0-9_]{0,62}$'

/** The settings of the service, by the names of their environment variables. `docs/settings.md` says more of each. */
export const settingsSchema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'Address to listen on.' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65535, default: 8000, description: 'Port to listen on; 0 takes a free one.' }),
  WORKERS: Type.Integer({ minimum: 1, maximum: 256, default: 1, description: 'Processes that share the port, each with its own cache, pool and hashing threads.' }),
  DATABASE_URL: Type.String({ pattern: DATABASE_PATTERN, default: 'file:./authtoken.db', description: 'The database: file:<path>, or postgres://<user>:<password>@<host>:<port>/<database>.' }),
  USER_TABLE: Type.String({ pattern: NAME_PATTERN, default: 'auth_user', description: 'The table of users: of a Django with a custom AUTH_USER_MODEL, its table.' }),
  USERNAME_COLUMN: Type.String({ pattern: NAME_PATTERN, default: 'username', description: "The column that users log in with: Django's USERNAME_FIELD." }),
  MIGRATE: Type.Optional(oneOf(['true', 'false'], { description: 'Whether serve brings the tables up to date first; by default true for a file, and false for PostgreSQL.' })),
  BUSY_TIMEOUT_MS: Type.Integer({ minimum: 0, maximum: 10_000, default: 5, description: 'SQLite: how long a statement waits for a lock on the file, in milliseconds. It blocks the event loop.' }),
  DATABASE_POOL_SIZE: Type.Integer({ minimum: 1, maximum: 1000, default: 10, description: 'PostgreSQL: connections at most, beside the one that listens.' }),
  DATABASE_CONNECT_TIMEOUT_MS: milliseconds(2_000, 'PostgreSQL: how long to wait for a connection.'),
  DATABASE_QUERY_TIMEOUT_MS: milliseconds(5_000, 'PostgreSQL: how long a statement may take, on the server and on the way.'),
  DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: milliseconds(2_000, 'PostgreSQL: after how long the server ends a transaction that nobody goes on with.'),
  CACHE_SIZE: Type.Integer({ minimum: 0, maximum: 10_000_000, default: 100_000, description: 'Tokens that are remembered at most; 0: none.' }),
  CACHE_TTL_MS: Type.Integer({ minimum: 1, maximum: 86_400_000, default: 300_000, description: 'How long a token is remembered at most, in milliseconds. Revocations are seen at once, whatever this says.' }),
  CACHE_WITHOUT_LISTEN: oneOf(['ask', 'ttl'], { default: 'ask', description: 'PostgreSQL: where no revocation can be heard of, the database is asked at each check, or an answer is remembered for one second.' }),
  KEYWORDS: Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+(,[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$", default: 'Token', description: 'Keywords of the Authorization header, separated by commas; the first is the challenge.' }),
  ADMINISTRATORS: oneOf(['superuser', 'staff'], { default: 'superuser', description: 'Who may administer users and their tokens.' }),
  FORWARD_AUTH_HEADERS: Type.String({ pattern: IDENTITY_HEADERS_PATTERN, default: IDENTITY_HEADERS.join(','), description: 'The headers in which /forward-auth says who the caller is: name, id, e-mail address, scope, token id, staff.' }),
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
  PASSWORD_CONCURRENCY: Type.Optional(Type.Integer({ minimum: 1, maximum: 64, description: 'Hashes that each worker computes at once; by default the number of cores less one, divided among WORKERS, from 1 to 4.' })),
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
  const schemas = Object.entries<TSchema>(settingsSchema.properties)
  const settings = Object.fromEntries(schemas.map(([name, schema]) => [name, valueOf(schema, env[name])]).filter(([, value]) => value !== undefined)) as Static<typeof settingsSchema>
  const wrong = new Set([...Errors(settingsSchema, settings)].map(({ path }) => path.slice(1)))
  if (isRepetitive(settings.FORWARD_AUTH_HEADERS)) wrong.add('FORWARD_AUTH_HEADERS')
  if (settings.DATABASE_URL === MEMORY_URL && settings.WORKERS > 1) wrong.add('WORKERS')
  if (wrong.size > 0) throw new InvalidSettings([...wrong].map(explain).join('; '))
  return Object.freeze(settings)
}

/** What a variable says. Text that is not the number that it should be stays as it is. */
function valueOf (schema: TSchema, text: string | undefined): unknown {
  if (text === undefined || text === '') return schema.default
  const number = Number(text)
  return schema.type === 'integer' && text.trim() !== '' && Number.isInteger(number) ? number : text
}

/** Whether a list names something twice, as HTTP compares names. */
function isRepetitive (list: string): boolean {
  const names = list.toLowerCase().split(',')
  return new Set(names).size < names.length
}

function explain (name: string): string {
  const schema = settingsSchema.properties[name as keyof typeof settingsSchema.properties] as TSchema
  if (name === 'DATABASE_URL') return `DATABASE_URL must be ${DATABASE_FORM}`
  if (name === 'USER_TABLE' || name === 'USERNAME_COLUMN') return `${name} must be a name of letters, digits and underscores, as ${name === 'USER_TABLE' ? 'people_person' : 'email'}`
  if (name === 'TOKEN_PREFIX') return 'TOKEN_PREFIX must be 1 to 12 lower-case letters and digits, as fat'
  if (name === 'FORWARD_AUTH_HEADERS') return `FORWARD_AUTH_HEADERS must be ${IDENTITY_HEADERS.length} different names with commas between them, each X- or Remote- and letters, digits and hyphens, as ${IDENTITY_HEADERS.join(',')}`
  if (name === 'KEYWORDS') return 'KEYWORDS must be one or more words without spaces, separated by commas, as Token,Bearer'
  if (schema.anyOf !== undefined) return `${name} must be one of ${schema.anyOf.map(({ const: value }: { const: string }) => value).join(', ')}`
  const range = `${name} must be a whole number from ${schema.minimum} to ${schema.maximum}`
  return name === 'WORKERS' ? `${range}, and 1 with ${MEMORY_URL}, which no other process sees` : range
}
