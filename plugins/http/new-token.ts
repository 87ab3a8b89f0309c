import type { NewToken } from '../../src/tokens/access-token.js'
import type { NewTokenRequest } from '../../src/api/token-requests.js'

/** The wish for an access token in a body, or undefined where none of its fields is there. */
export function readNewToken ({ name, scope, expires_in: expiresIn }: NewTokenRequest): NewToken | undefined {
  if (name === undefined && scope === undefined && expiresIn === undefined) return undefined
  return { ...(name !== undefined && { name }), ...(scope !== undefined && { scope }), ...(expiresIn !== undefined && { expiresIn }) }
}
