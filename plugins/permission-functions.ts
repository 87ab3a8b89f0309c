import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Check, FindCaller } from './authenticate-hook.js'
import { foundOf } from './caller.js'
import { checkScope } from './policy.js'
import { permissions, scopePermission } from './permissions.js'

/** A permission function, for `config`-less routes: `onRequest: app.auth([app.isAdminUser])`. A hook of any kind, and of any scope. */
export interface PermissionFunction {
  (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void
  /** As a `preParsing` hook. */
  (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: (error?: Error) => void): void
}

/** The permission functions of a registration. @param finderOf how to find who makes a request; null: nobody is looked for */
export function createPermissionFunctions (finderOf: (request: FastifyRequest) => FindCaller | null) {
  const asFunction = (check: Check): PermissionFunction => (request: FastifyRequest, _reply: FastifyReply, ...rest: unknown[]) => {
    const done = rest.at(-1) as (error?: Error) => void
    const find = foundOf(request) === null ? null : finderOf(request)
    if (find === null) done(check(request) ?? undefined)
    else find(request, (error) => done(error ?? check(request) ?? undefined))
  }
  return {
    verifyToken: asFunction(permissions.isAuthenticated),
    isAuthenticated: asFunction(permissions.isAuthenticated),
    isAdminUser: asFunction(permissions.isAdminUser),
    isAuthenticatedOrReadOnly: asFunction(permissions.isAuthenticatedOrReadOnly),
    requireScope (scope: string): PermissionFunction {
      checkScope('requireScope', scope)
      return asFunction(scopePermission(scope))
    }
  }
}
