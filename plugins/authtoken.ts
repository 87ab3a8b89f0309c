import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Authtoken, AuthtokenOptions, HostAuthtokenOptions } from '../src/open-authtoken.js'
import { openAuthtoken, openHostAuthtoken } from '../src/open-authtoken.js'
import type { HostUsers } from '../src/host/host-options.js'
import type { FastifyAuthtoken } from '../src/identity/host-types.js'
import { givenOptions } from '../src/options/option-problems.js'
import { delegateCredentials, type VerifyCredentials } from '../src/passwords/verify-credentials.js'
import { checkOptions } from './authtoken-options.js'
import delegated, { type DelegatedOptions } from './delegated.js'
import tokenAuth, { type TokenAuthOptions } from './token-auth.js'
import tokenExchange, { type ExchangeOptions } from './token-exchange.js'

/** What is set of the plugin itself, wherever users and tokens are. */
interface PluginOptions extends Omit<TokenAuthOptions, 'authenticator'> {
  /** `POST /api-token-auth/`, or false: no exchange. */
  exchange?: ExchangeOptions | false
  /** The host's own check of a username and a password. It returns the user, or an object that has the user's id, or null. */
  verifyCredentials?: VerifyCredentials<FastifyRequest>
  authenticator?: never
}

/** Options of the plugin with a database of Django's form. */
export interface LocalOptions extends AuthtokenOptions, PluginOptions {
  tables?: never
}

/** Options of the plugin with the host's own users, in the host's own database. */
export interface HostOptions<Users extends HostUsers = HostUsers> extends HostAuthtokenOptions<Users>, PluginOptions {}

/** Options of the plugin. */
export type FastifyAuthtokenOptions = LocalOptions | HostOptions | DelegatedOptions

type Parts<Users extends 'users' | never> = Pick<Authtoken, 'tokens' | 'passwords' | Users>

declare module 'fastify' {
  interface FastifyInstance {
    /** For the host's own code. Absent where an `authenticator` was given; without `users` where the users are the host's. */
    authtoken: FastifyAuthtoken extends { user: unknown } ? Parts<never> : Parts<'users'>
  }
}

/**
 * Token authentication as Django REST framework's `rest_framework.authtoken`.
 * @param options see `FastifyAuthtokenOptions`; all that are wrong are named at once, and stop the start
 */
async function authtoken (app: FastifyInstance, options: FastifyAuthtokenOptions): Promise<void> {
  if (options.authenticator !== undefined && options.database === undefined) {
    await app.register(delegated, options)
    return
  }
  checkOptions(options)

  const { keywords, defaultPermission, public: open, notFound, errors, administrators, exchange, verifyCredentials, ...source } =
    options as LocalOptions | HostOptions
  const checksPasswords = exchange !== false && verifyCredentials === undefined
  const opened = source.tables === undefined ? await openAuthtoken(source) : await openHostAuthtoken(source, checksPasswords)
  app.addHook('onClose', opened.close)
  const { database, logins, tokens, passwords, authenticator } = opened
  const common: Omit<TokenAuthOptions, 'authenticator'> = givenOptions({ keywords, defaultPermission, errors, administrators })
  await app.register(tokenAuth, { ...common, ...givenOptions({ public: open, notFound }), authenticator })
  app.decorate('authtoken', { tokens, passwords, ...('users' in opened && { users: opened.users }) } as FastifyInstance['authtoken'])
  if (database.notice !== null) app.log.warn(database.notice)
  if (exchange === false) return
  const credentials = verifyCredentials === undefined ? opened.credentials : delegateCredentials(database.users, logins, verifyCredentials)
  await app.register(tokenExchange, { ...exchange, ...common, credentials, tokens })
}

export default fp(authtoken, { name: 'fastify-authtoken', fastify: '5.x' })
