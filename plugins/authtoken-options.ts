import { Type } from '@sinclair/typebox'
import { is, Table } from 'drizzle-orm'
import { InvalidSettings } from '../src/errors.js'
import { func, givenOptions, milliseconds, object, oneOf, optionProblems, wholeNumber } from '../src/option-problems.js'
import { PREFIX_PATTERN } from '../src/tokens/format.js'
import { MAX_DURATION } from '../src/tokens/expiry.js'
import { HASHERS } from '../src/passwords/hashers/index.js'
import { commonOptions } from './option-schemas.js'

const exchange = object({
  path: Type.String({ pattern: '^/', right: 'a path that begins with /' }),
  allow: func('a function of the user and the request'),
  reply: func('a function of the user and the token')
}, 'an object, or false')

const passwords = object({
  hasher: oneOf(Object.keys(HASHERS)),
  rehash: Type.Boolean({ right: 'true or false' }),
  concurrency: wholeNumber(1),
  size: wholeNumber(1)
}, 'an object')

const seconds = Type.Integer({ minimum: 0, maximum: MAX_DURATION, right: `a whole number of seconds from 0 to ${MAX_DURATION}` })

const tokens = object({
  kind: oneOf(['drf', 'access']),
  prefix: Type.String({ pattern: PREFIX_PATTERN, right: '1 to 12 lower-case letters and digits' }),
  expiresIn: seconds,
  loginExpiresIn: seconds,
  maxLife: seconds,
  sliding: Type.Boolean({ right: 'true or false' }),
  limit: wholeNumber(0),
  atLimit: oneOf(['reject', 'replace'])
}, 'an object')

const pool = object({
  size: wholeNumber(1),
  connectTimeoutMs: milliseconds,
  queryTimeoutMs: milliseconds,
  idleInTransactionTimeoutMs: milliseconds
}, 'an object')

const cache = object({
  size: wholeNumber(0),
  ttlMs: milliseconds
}, 'an object')

const verifyCredentials = func('a function of a username, a password and the request')

const column = Type.Object({}, { right: 'a column of the table' })
const condition = Type.Object({}, { right: 'a boolean column, or a condition' })
const table = Type.Object({}, { right: 'a Drizzle table' })
const name = (right: string) => Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,62}$', right })

const local = object({
  ...commonOptions,
  users: object({ table: name('the name of a table'), username: name('the name of a column') }, 'an object with table and username, the names of a custom AUTH_USER_MODEL'),
  verifyCredentials,
  database: Type.Union([Type.String(), Type.Object({})], { right: 'file:<path>, postgres://…, or a Drizzle instance' }),
  migrate: Type.Boolean({ right: 'true or false' }),
  busyTimeoutMs: Type.Integer({ minimum: 0, right: 'a whole number of milliseconds' }),
  pool,
  withoutListen: oneOf(['ask', 'ttl']),
  cache,
  onUserCreated: Type.Union([func(''), Type.Literal(false)], { right: 'a function of the new user, or false' }),
  passwords,
  tokens,
  exchange: Type.Union([exchange, Type.Literal(false)], { right: 'an object with path, allow and reply, or false' })
}, '')

const host = object({
  ...commonOptions,
  database: Type.Object({}, { right: 'a Drizzle instance, where the users are your own' }),
  tables: Type.Object({ authtokenToken: table, authtokenAccesstoken: table, authtokenState: table }, { right: 'an object with the tables that authtokenTables makes' }),
  users: Type.Composite([Type.Object({ table }), Type.Partial(Type.Object({
    id: column,
    username: column,
    password: column,
    isActive: condition,
    isStaff: condition,
    isSuperuser: condition,
    select: Type.Record(Type.String(), column, { right: 'an object of columns' })
  }))], { additionalProperties: false, right: 'an object with table, your table of users' }),
  verifyCredentials,
  withoutListen: oneOf(['ask', 'ttl']),
  cache,
  passwords,
  tokens,
  exchange: Type.Union([exchange, Type.Literal(false)], { right: 'an object with path, allow and reply, or false' })
}, '')

/**
 * Checks the options of a registration with a database.
 * @throws InvalidSettings that names every option that is wrong or unknown, and what would be right
 */
export function checkOptions (options: object): void {
  const problems = []
  const { prefix, ...given } = givenOptions(options)
  if (!('database' in given) || 'authenticator' in given) problems.push('either database or authenticator must be given')
  const isHost = 'tables' in given || is((given.users as { table?: unknown } | undefined)?.table, Table)
  if (isHost && !('tables' in given)) problems.push('tables must be given where users.table is a Drizzle table, as authtokenTables makes them')
  if (isHost && !('users' in given)) problems.push('users must be given where tables are, as { table: people }')
  problems.push(...optionProblems(isHost ? host : local, given))
  if (problems.length > 0) throw new InvalidSettings(`authtoken: ${problems.join('; ')}`)
}
