import type { FastifyInstance } from 'fastify'
import { InvalidSettings } from '../src/errors.js'
import { checkFields, type PolicyFields } from './policy.js'

/** The policies of a registration's scopes. */
export interface ScopePolicies {
  /** Declares one for the routes of a scope and below. @throws InvalidSettings where it can't be understood, or is the second */
  declare (scope: FastifyInstance, policy: unknown): void
  /** What is declared for a scope: field by field its own before those around it. */
  of (scope: FastifyInstance): PolicyFields
}

/** @param app around which no scope counts */
export function createScopePolicies (app: FastifyInstance): ScopePolicies {
  const declared = new Map<FastifyInstance, PolicyFields>()
  let isRead = false
  app.addHook('onReady', async () => { isRead = true })

  const of = (scope: FastifyInstance): PolicyFields => {
    const around = scope === app ? {} : of(Object.getPrototypeOf(scope) as FastifyInstance)
    return { ...around, ...declared.get(scope) }
  }

  return {
    of,
    declare (scope, policy) {
      const name = `authtokenPolicy of ${scope.prefix === '' ? 'the scope without a prefix' : scope.prefix}`
      if (isRead) throw new InvalidSettings(`${name} is declared too late: call it before the application is ready`)
      if (declared.has(scope)) throw new InvalidSettings(`${name} is declared already; give all its fields at once`)
      if (typeof policy !== 'object' || policy === null) {
        throw new InvalidSettings(`${name} must be an object with permission, scope or keywords`)
      }
      declared.set(scope, checkFields(name, policy))
    }
  }
}
