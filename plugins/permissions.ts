import type { FastifyRequest } from 'fastify'
import { insufficientScope, NotAuthenticated, PermissionDenied } from '../src/errors.js'
import type { PluginOptions } from '../src/options/plugin-options.js'
import type { Check } from './authenticate-hook.js'
import { isAnonymous } from './caller.js'

/** Who may use a route, by the names of DRF's permission classes. */
export type Permission = NonNullable<PluginOptions['defaultPermission']>

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

// On a route that the plugin does not know `auth` is undefined: nobody is let in there.
/** What each permission makes of a caller: the error to answer with, or null. */
export const permissions: Record<Permission, Check> = {
  allowAny: () => null,
  isAuthenticated: (request) => isAnonymous(request) ? new NotAuthenticated() : null,
  isAdminUser: ({ auth }) => auth == null ? new NotAuthenticated() : auth.isStaff ? null : new PermissionDenied(),
  isAuthenticatedOrReadOnly: (request) => isSafe(request) || !isAnonymous(request) ? null : new NotAuthenticated()
}

const isSafe = ({ method }: FastifyRequest): boolean => SAFE_METHODS.has(method)

/** What a needed scope, or all of several, makes of a caller. */
export const scopePermission = (scope: string): Check => ({ auth }) => {
  if (auth == null) return new NotAuthenticated()
  return auth.hasScope(scope) ? null : insufficientScope(scope)
}
