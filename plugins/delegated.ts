import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { InvalidSettings } from '../src/errors.js'
import { givenOptions, optionProblems } from '../src/option-problems.js'
import { delegatedOptions } from './option-schemas.js'
import tokenAuth, { type TokenAuthOptions } from './token-auth.js'

/** Options of the plugin with an authenticator in place of a database. It is closed with the application, where it can be. */
export interface DelegatedOptions extends TokenAuthOptions {
  database?: never
}

/** Token authentication where keys are looked up by something else than a database of this process. Loads no driver. */
async function delegated (app: FastifyInstance, options: DelegatedOptions): Promise<void> {
  const { prefix, ...given } = givenOptions(options)
  const problems = optionProblems(delegatedOptions, given)
  if (problems.length > 0) throw new InvalidSettings(`authtoken: ${problems.join('; ')}`)
  app.addHook('onClose', async () => { await options.authenticator.close?.() })
  await app.register(tokenAuth, options)
}

export default fp(delegated, { name: 'fastify-authtoken-delegated', fastify: '5.x' })
