import type { Authenticator } from '../../src/index.js'

/** Two users in no database, ann and eve, eve being staff, who count how often they were looked up. */
export function countingAuthenticator (): Authenticator & { lookUps: number } {
  const created = new Date(0)
  const counting = {
    lookUps: 0,
    authenticate (key: string) {
      counting.lookUps++
      const [username, scope] = key.split('.') as [string, string?]
      if (!['ann', 'eve'].includes(username)) return null
      const user = {
        id: username.length,
        username,
        email: '',
        firstName: '',
        lastName: '',
        isActive: true,
        isStaff: username === 'eve',
        isSuperuser: false,
        dateJoined: created,
        lastLogin: null
      }
      return {
        user,
        token: {
          id: `drf-${username}`,
          kind: 'drf' as const,
          name: null,
          hint: null,
          scope: scope?.replace('+', ' ') ?? '*',
          created: null,
          expires: null,
          lastUsed: null,
          disabled: false
        }
      }
    }
  }
  return counting as Authenticator & { lookUps: number }
}

/** Their `Authorization`. @param scope of a token with less than full power, `+` between two */
export const authorizationOf = (username: string, scope?: string): string => `Token ${username}${scope === undefined ? '' : `.${scope}`}`
