import type { FastifyRequest } from 'fastify'
import type { DjangoUser as User } from '../../src/identity/identity.js'
import type { Auth } from '../caller.js'
import { callerOf } from './guards.js'

/** Who asks, and whose tokens it is about. */
export interface TokenAccess {
  caller: User
  auth: Auth
  owner: User
}

/** A caller's access to its own tokens. */
export function ownAccess (request: FastifyRequest): TokenAccess {
  const { user, auth } = callerOf(request)
  return { caller: user, auth, owner: user }
}
