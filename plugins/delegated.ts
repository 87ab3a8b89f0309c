import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { InvalidSettings } from '../src/errors.js'
import { givenOptions, optionProblems } from '../src/option-problems.js'
import type { Authenticator } from '../src/identity/identity.js'
import { delegatedOptions } from './option-schemas.js'
import tokenAuth, { type TokenAuthOptions } from './token-auth.js'

/** Options of the plugin with an authenticator in place of a database: users and tokens are somewhere else. */
export interface DelegatedOptions extends Omit<TokenAuthOptions, 'authenticator'> {
  /** Closed with the application, where it can be. */
  authenticator: Authenticator
  database?: never
}

/**
 * Token authentication where keys are looked up by something else than a database of this process. Loads no driver.
 * @param options see `DelegatedOptions`; all that are wrong are named at once, and stop the start
 */
async function delegated (app: FastifyInstance, options: DelegatedOptions): Promise<void> {
  const { prefix, ...given } = givenOptions(options)
  const problems = optionProblems(delegatedOptions, given)
  if (problems.length > 0) throw new InvalidSettings(`authtoken: ${problems.join('; ')}`)
  const { authenticator } = options
  app.addHook('onClose', async () => { await authenticator.close?.() })
  await app.register(tokenAuth, options)
}

export default fp(delegated, { name: 'fastify-authtoken-delegated', fastify: '5.x' })
