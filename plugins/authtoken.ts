import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type Authtoken, type AuthtokenOptions, openAuthtoken } from '../src/authtoken.js'
import type { Authenticator } from '../src/tokens/identity.js'
import tokenAuth, { type TokenAuthOptions } from './token-auth.js'
import { checkOptions } from './authtoken-options.js'
import tokenExchange, { type ExchangeOptions } from './token-exchange.js'

/** Options of the plugin with a database: users and tokens are here. */
export interface LocalOptions extends AuthtokenOptions, Omit<TokenAuthOptions, 'authenticator'> {
  /** `POST /api-token-auth/`, or false: no exchange. */
  exchange?: ExchangeOptions | false
  authenticator?: never
}

/** Options of the plugin with an authenticator in place of a database: users and tokens are somewhere else. */
export interface DelegatedOptions extends Omit<TokenAuthOptions, 'authenticator'> {
  authenticator: Authenticator
  database?: never
}

/** Options of the plugin. */
export type FastifyAuthtokenOptions = LocalOptions | DelegatedOptions

declare module 'fastify' {
  interface FastifyInstance {
    /** Users and tokens, for the host's own code. Absent where an `authenticator` was given. */
    authtoken: Pick<Authtoken, 'users' | 'tokens'>
  }
}

/**
 * Token authentication as Django REST framework's `rest_framework.authtoken`.
 * @param options see `FastifyAuthtokenOptions`; all that are wrong are named at once, and stop the start
 */
async function authtoken (app: FastifyInstance, options: FastifyAuthtokenOptions): Promise<void> {
  checkOptions(options)
  if (options.authenticator !== undefined) {
    await app.register(tokenAuth, options)
    return
  }

  const { keywords, defaultPermission, errors, administrators, exchange, ...local } = options
  const { close, credentials, tokens, users, authenticator } = await openAuthtoken(local)
  app.addHook('onClose', close)
  const common = { ...(errors !== undefined && { errors }), ...(administrators !== undefined && { administrators }) }
  await app.register(tokenAuth, {
    authenticator,
    ...common,
    ...(keywords !== undefined && { keywords }),
    ...(defaultPermission !== undefined && { defaultPermission })
  })
  app.decorate('authtoken', { users, tokens })
  if (exchange !== false) await app.register(tokenExchange, { ...exchange, ...common, credentials, tokens })
}

export default fp(authtoken, { name: 'fastify-authtoken', fastify: '5.x' })
