import { type TSchema, Type } from '@sinclair/typebox'
import { ValueErrorType } from '@sinclair/typebox/errors'
import { Value } from '@sinclair/typebox/value'
import { InvalidSettings } from '../src/errors.js'
import { PREFIX_PATTERN } from '../src/tokens/format.js'
import { MAX_DURATION } from '../src/tokens/life.js'
import { HASHERS } from '../src/users/hashers/index.js'
import { KEYWORD_PATTERN } from './permissions.js'

const oneOf = (values: string[]) => Type.Unsafe<string>(Type.Union(values.map((value) => Type.Literal(value)), { right: `one of ${values.join(', ')}` }))
const func = (right: string) => Type.Function([], Type.Unknown(), { right })
const object = (properties: Record<string, TSchema>, right: string) => Type.Partial(Type.Object(properties), { additionalProperties: false, right })

const exchange = object({
  path: Type.String({ pattern: '^/', right: 'a path that begins with /' }),
  allow: func('a function of the user and the request'),
  reply: func('a function of the user and the token')
}, 'an object, or false')

const passwords = object({
  hasher: oneOf(Object.keys(HASHERS)),
  rehash: Type.Boolean({ right: 'true or false' }),
  concurrency: Type.Integer({ minimum: 1, right: 'a whole number from 1' }),
  size: Type.Integer({ minimum: 1, right: 'a whole number from 1' })
}, 'an object')

const seconds = Type.Integer({ minimum: 0, maximum: MAX_DURATION, right: `a whole number of seconds from 0 to ${MAX_DURATION}` })

const tokens = object({
  kind: oneOf(['drf', 'access']),
  prefix: Type.String({ pattern: PREFIX_PATTERN, right: '1 to 12 lower-case letters and digits' }),
  expiresIn: seconds,
  loginExpiresIn: seconds,
  maxLife: seconds,
  sliding: Type.Boolean({ right: 'true or false' }),
  limit: Type.Integer({ minimum: 0, right: 'a whole number from 0' }),
  atLimit: oneOf(['reject', 'replace'])
}, 'an object')

const milliseconds = Type.Integer({ minimum: 1, right: 'a whole number of milliseconds from 1' })

const pool = object({
  size: Type.Integer({ minimum: 1, right: 'a whole number from 1' }),
  connectTimeoutMs: milliseconds,
  queryTimeoutMs: milliseconds,
  idleInTransactionTimeoutMs: milliseconds
}, 'an object')

const cache = object({
  size: Type.Integer({ minimum: 0, right: 'a whole number from 0' }),
  ttlMs: milliseconds
}, 'an object')

const common = {
  administrators: oneOf(['superuser', 'staff']),
  keywords: Type.Array(Type.String({ pattern: KEYWORD_PATTERN, right: 'a word without spaces' }), { minItems: 1, right: "a list of at least one keyword, as ['Token']" }),
  defaultPermission: oneOf(['allowAny', 'isAuthenticated', 'isAdminUser', 'isAuthenticatedOrReadOnly']),
  errors: oneOf(['drf', 'throw'])
}

const local = object({
  ...common,
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

const delegated = object({
  ...common,
  authenticator: Type.Object({ authenticate: func('a function of a key') }, { right: 'an object with a function authenticate' })
}, '')

/**
 * Checks the options of `register`.
 * @throws InvalidSettings that names every option that is wrong or unknown, and what would be right
 */
export function checkOptions (options: object): void {
  const problems = []
  const hasDatabase = 'database' in options
  if (hasDatabase === 'authenticator' in options) problems.push('either database or authenticator must be given')
  const { prefix, ...given } = options as Record<string, unknown>
  const schema = hasDatabase || !('authenticator' in options) ? local : delegated
  const seen = new Set<string>()
  for (const { type, path, schema: failed } of Value.Errors(schema, given)) {
    const name = path.slice(1).replaceAll('/', '.')
    if (seen.has(name)) continue
    seen.add(name)
    problems.push(type === ValueErrorType.ObjectAdditionalProperties ? `${name} is not an option` : `${name} must be ${failed.right}`)
  }
  if (problems.length > 0) throw new InvalidSettings(`authtoken: ${problems.join('; ')}`)
}
