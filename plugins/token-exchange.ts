import type { Static } from '@sinclair/typebox'
import type { FastifyError, FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { NotFound, PermissionDenied, ScopeNotGranted, validationError } from '../src/errors.js'
import { idKey, type UserId } from '../src/database/user-id.js'
import type { IssuedToken, User } from '../src/identity/identity.js'
import { FULL_POWER, isAdministrator, mayGrant } from '../src/identity/scope.js'
import { exchangeOptions } from '../src/options/exchange-options.js'
import { withDefaults } from '../src/options/option-groups.js'
import { type PluginOptions, pluginOptions } from '../src/options/plugin-options.js'
import type { Tokens } from '../src/tokens/tokens-as.js'
import type { LoginResult } from '../src/passwords/credentials.js'
import { strip } from '../src/users/python-strip.js'
import { credentialsSchema, type ExchangeRequest, exchangedSchema } from '../src/api/exchange-request.js'
import { sendDrfError, toDrfError } from './http/drf-errors.js'
import { EXCHANGE_TYPES, type Fields, readFields } from './http/exchange-body.js'
import { drfValidatorCompiler } from './http/validation.js'
import { jsonParser } from './http/json-body.js'
import { readNewToken } from './http/new-token.js'
import { noStore } from './http/no-store.js'
import { methodNotAllowed } from './http/method-not-allowed.js'

/** How the exchange differs from DRF's `obtain_auth_token`, as people subclass it. */
export interface ExchangeOptions extends Pick<Static<typeof exchangeOptions>, 'path'> {
  /** Whether a user who gave the right password may have a token; if not, 403. @default everybody may */
  allow?: (user: User, request: FastifyRequest) => boolean | Promise<boolean>
  /** The body of the answer. @default `{ token: token.key }` */
  reply?: (user: User, token: IssuedToken) => unknown
}

/** Options of `tokenExchange`. */
export interface TokenExchangeOptions extends ExchangeOptions, Pick<PluginOptions, 'errors' | 'administrators'> {
  credentials: { verify (username: string, password: string, request: FastifyRequest): Promise<LoginResult> }
  tokens: Pick<Tokens, 'issue'>
}

// A user whose password changes again and again meanwhile is not waited for.
const TRIES = 5

const config = { authtoken: { permission: 'allowAny' as const, scope: null } }

/**
 * DRF's `obtain_auth_token`: a username and a password for the user's token, the same one each time; or for a new access token.
 * JSON, form or multipart; in a scope of its own, so that the host's parsers and error handlers are not touched.
 */
const tokenExchange: FastifyPluginAsync<TokenExchangeOptions> = async (app, given) => {
  const { path = exchangeOptions.properties.path.default, ...options } = given
  await app.register(routes, { ...options, host: app, prefix: path.replace(/\/$/, '') })
}

interface RoutesOptions extends Omit<TokenExchangeOptions, 'path'> { host: FastifyInstance }

async function routes (app: FastifyInstance, options: RoutesOptions): Promise<void> {
  const { credentials, tokens, host, allow, reply: present } = options
  const { errors, administrators } = withDefaults(pluginOptions, options)
  const parseJson = jsonParser(app)

  app.addHook('onRequest', noStore)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setValidatorCompiler(drfValidatorCompiler)
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const ours = toDrfError(error, request)
    if (ours !== null && errors === 'drf') return sendDrfError(ours, reply, 'Token')
    // Fastify would take the handler that the host had when this scope was made, not one that it set since.
    return host.errorHandler((ours ?? error) as FastifyError, request, reply)
  })

  app.post<{ Body: ExchangeRequest }>('/', {
    config,
    schema: {
      tags: ['authentication'],
      summary: 'Exchange a username and password for a token',
      security: [],
      consumes: EXCHANGE_TYPES,
      body: credentialsSchema,
      ...(present === undefined && { response: { 200: exchangedSchema } })
    },
    preValidation: async (request) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const fields = await readFields(body, request.headers['content-type'] ?? '', (text) => parseJson(request, text))
      request.body = normalize(fields) as ExchangeRequest
    }
  }, async (request) => {
    const { user, token } = await exchange(request, request.body)
    return present === undefined ? { token: token.key } : await present(user, token)
  })

  async function exchange (request: FastifyRequest, body: ExchangeRequest, tries = TRIES): Promise<{ user: User, token: IssuedToken }> {
    const login = await logIn(request, body)
    const { user, userId } = login.account
    if (allow !== undefined) {
      if (!await allow(user, request)) throw new PermissionDenied()
      // No encoding tells whether the password still stands.
      if (login.password === undefined) await logIn(request, body, userId)
    }
    const wanted = readNewToken(body)
    const power = { scope: FULL_POWER, administrator: isAdministrator(login.account, administrators) }
    if (wanted?.scope !== undefined && !mayGrant(power, wanted.scope)) throw new ScopeNotGranted()
    try {
      return { user, token: await tokens.issue({ id: userId }, login, wanted) }
    } catch (error) {
      // The user or the password is not what it was: what it is now decides.
      if (error instanceof NotFound && tries > 1) return await exchange(request, body, tries - 1)
      throw error
    }
  }

  /** @param expected who it was before */
  async function logIn (request: FastifyRequest, { username, password }: ExchangeRequest, expected?: UserId) {
    const login = await credentials.verify(username, password, request)
    if (login.account !== null && (expected === undefined || idKey(expected) === idKey(login.account.userId))) return login
    const userId = login.account === null ? login.userId : login.account.userId
    request.log.info({ userId, reason: login.reason ?? 'it is another user than before' }, 'login refused')
    throw validationError({ non_field_errors: ['Unable to log in with provided credentials.'] })
  }

  app.options('/', { config, schema: { hide: true } }, async (_request, reply) => reply.header('allow', 'POST, OPTIONS').send({
    name: 'Obtain Auth Token',
    description: '',
    renders: ['application/json'],
    parses: EXCHANGE_TYPES,
    actions: {
      POST: { username: field('Username'), password: field('Password'), token: { ...field('Token'), required: false, read_only: true } }
    }
  }))
  methodNotAllowed(app, '/', ['POST', 'OPTIONS'], { config })
}

/** A field as DRF's OPTIONS describes it. */
const field = (label: string) => ({ type: 'string', required: true, read_only: false, label })

/** Numbers become text, and the username is trimmed, as by DRF's CharField. TypeBox's `Value.Convert` would make text of `true` too. */
function normalize (given: Fields): Fields {
  const fields = { ...given }
  for (const name of ['username', 'password']) if (typeof fields[name] === 'number') fields[name] = String(fields[name])
  if (typeof fields.username === 'string') fields.username = strip(fields.username)
  // A form has no numbers.
  if (typeof fields.expires_in === 'string' && /^\d{1,10}$/.test(fields.expires_in)) fields.expires_in = Number(fields.expires_in)
  return fields
}

export default tokenExchange
