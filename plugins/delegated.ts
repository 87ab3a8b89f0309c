import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { InvalidSettings } from '../src/errors.js'
import { func } from '../src/options/kinds.js'
import { group } from '../src/options/option-groups.js'
import { givenOptions, optionProblems } from '../src/options/option-problems.js'
import { pluginOptions } from '../src/options/plugin-options.js'
import tokenAuth, { type TokenAuthOptions } from './token-auth.js'

/** Options of the plugin with an authenticator in place of a database. It is closed with the application, where it can be. */
export interface DelegatedOptions extends TokenAuthOptions {
  database?: never
}

/** The options of a registration with an authenticator in place of a database. */
export const delegatedOptions = group({
  authenticator: Type.Object({
    authenticate: Type.Function([], Type.Unknown(), { right: 'a function of a key' }),
    close: func({ right: 'a function' })
  }, {
    right: 'an object with a function authenticate',
    description: 'an object with `authenticate(key)`, in place of `database`: keys are looked up somewhere else, as ' +
      "[at a service](docs/remote.md); its `close()`, if it has one, is called with the application's"
  }),
  ...pluginOptions.properties
})

/**
 * Token authentication where keys are looked up by something else than a database of this process. Loads no driver.
 * @param options see `DelegatedOptions`; all that are wrong are named at once, and stop the start
 */
async function delegated (app: FastifyInstance, options: DelegatedOptions): Promise<void> {
  const { prefix, ...given } = givenOptions(options)
  const problems = optionProblems(delegatedOptions, given)
  if (problems.length > 0) throw new InvalidSettings(`authtoken: ${problems.join('; ')}`)
  app.addHook('onClose', async () => { await options.authenticator.close?.() })
  await app.register(tokenAuth, options)
}

export default fp(delegated, { name: 'fastify-authtoken-delegated', fastify: '5.x' })
