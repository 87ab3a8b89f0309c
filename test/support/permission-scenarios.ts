import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'

/** The callers that the scenarios speak of. */
export interface Cast {
  /** Key of an active user. */
  active: string
  /** Key of an active member of staff. */
  staff: string
  /** Key of a user who is not active. */
  inactive: string
}

/** What authentication must do, whoever looks the key up and whatever the keyword is. */
const scenarios = (keyword: string, { active, staff, inactive }: Cast) => {
  const unknown = { detail: 'Invalid token.' }
  const missing = { detail: 'Authentication credentials were not provided.' }
  const forbidden = { detail: 'You do not have permission to perform this action.' }
  return [
    ['no header, on a public route', 'GET', '/public', undefined, 200, 'anonymous'],
    ['no header, on a protected route', 'GET', '/protected', undefined, 401, missing],
    ['a valid key', 'GET', '/protected', `${keyword} ${active}`, 200, 'active'],
    ['the keyword in capitals', 'GET', '/protected', `${keyword.toUpperCase()} ${active}`, 200, 'active'],
    ['a valid key on a public route', 'GET', '/public', `${keyword} ${active}`, 200, 'active'],
    ['an unknown key', 'GET', '/protected', `${keyword} ${'0'.repeat(40)}`, 401, unknown],
    ['an unknown key on a public route', 'GET', '/public', `${keyword} ${'0'.repeat(40)}`, 401, unknown],
    ['a key cut short', 'GET', '/protected', `${keyword} ${active.slice(0, -1)}`, 401, unknown],
    ['a key in capitals', 'GET', '/protected', `${keyword} ${active.toUpperCase()}`, 401, unknown],
    ['a wildcard', 'GET', '/protected', `${keyword} %`, 401, unknown],
    ['an inactive user', 'GET', '/protected', `${keyword} ${inactive}`, 401, { detail: 'User inactive or deleted.' }],
    ['an inactive user on a public route', 'GET', '/public', `${keyword} ${inactive}`, 401, { detail: 'User inactive or deleted.' }],
    ['no key', 'GET', '/protected', keyword, 401, { detail: 'Invalid token header. No credentials provided.' }],
    [
      'two words',
      'GET',
      '/protected',
      `${keyword} ${active} x`,
      401,
      { detail: 'Invalid token header. Token string should not contain spaces.' }
    ],
    [
      'no UTF-8',
      'GET',
      '/protected',
      `${keyword} \xff`,
      401,
      { detail: 'Invalid token header. Token string should not contain invalid characters.' }
    ],
    ['another scheme', 'GET', '/protected', `Basic ${active}`, 401, missing],
    ['another scheme on a public route', 'GET', '/public', `Basic ${active}`, 200, 'anonymous'],
    ['no staff on a route for staff', 'GET', '/staff', `${keyword} ${active}`, 403, forbidden],
    ['staff on a route for staff', 'GET', '/staff', `${keyword} ${staff}`, 200, 'staff'],
    ['nobody on a route for staff', 'GET', '/staff', undefined, 401, missing],
    ['nobody who reads', 'GET', '/read-only', undefined, 200, 'anonymous'],
    ['nobody who writes', 'POST', '/read-only', undefined, 401, missing],
    ['somebody who writes', 'POST', '/read-only', `${keyword} ${active}`, 200, 'active']
  ] as const
}

/** The routes of the scenarios. @param nameOf what a user is called there: `active` and `staff` */
export function declareRoutes (app: FastifyInstance, nameOf = ({ username }: Record<string, unknown>): unknown => username): void {
  const handler = async ({ user }: { user: object | null }) => ({ user: user === null ? 'anonymous' : nameOf({ ...user }) })
  const permission = (name: 'allowAny' | 'isAuthenticated' | 'isAdminUser' | 'isAuthenticatedOrReadOnly') => ({
    config: { authtoken: { permission: name } },
    handler
  })
  app.get('/public', permission('allowAny'))
  app.get('/protected', permission('isAuthenticated'))
  app.get('/staff', permission('isAdminUser'))
  app.route({ method: ['GET', 'POST'], url: '/read-only', ...permission('isAuthenticatedOrReadOnly') })
}

/** An application in this process, or one that is asked over HTTP. */
export interface Asked {
  inject (request: { method: 'GET' | 'POST', url: string, headers: Record<string, string> }): Promise<{ statusCode: number, headers: Record<string, unknown>, json (): unknown }>
}

/** Runs the scenarios against an application that has the routes. */
export async function play (t: Test, app: Asked, keyword: string, cast: Cast): Promise<void> {
  for (const [title, method, url, authorization, status, answer] of scenarios(keyword, cast)) {
    const response = await app.inject({ method, url, headers: authorization === undefined ? {} : { authorization } })
    t.equal(response.statusCode, status, title)
    t.same(response.json(), typeof answer === 'string' ? { user: answer } : answer, title)
    t.equal(response.headers['www-authenticate'], status === 401 ? keyword : undefined, `${title}: challenge`)
  }
}
