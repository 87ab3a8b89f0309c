import t from 'tap'
import { buildService } from '../../support/applications.js'
import { makeUser } from '../../support/users.js'

const PAGES = ['/openapi.json', '/docs', '/docs/', '/docs/json', '/docs/yaml', '/docs/static/swagger-initializer.js', '/docs/static/swagger-ui.css', '/docs/static/nothing.js']
const NOT_THERE = ['/docs/static/nothing.js']
const statuses = { on: { anonymous: 200, wrong: 200, caller: 200 }, callers: { anonymous: 401, wrong: 401, caller: 200 }, off: { anonymous: 404, wrong: 404, caller: 404 } }

for (const [DOCS, expected] of Object.entries(statuses)) {
  t.test(`the description of the interface: ${DOCS}`, async (t) => {
    const { server, authtoken } = await buildService(t, { DOCS })
    const { authorization } = await makeUser(authtoken, 'ann')
    const headers = { anonymous: {}, wrong: { authorization: 'Token wrong' }, caller: { authorization } }
    for (const url of PAGES) {
      for (const [who, status] of Object.entries(expected) as Array<[keyof typeof headers, number]>) {
        const answer = await server.inject({ url, headers: headers[who] })
        t.equal(answer.statusCode, NOT_THERE.includes(url) && status === 200 ? 404 : status, `${who} ${url}`)
        if (status === 401) {
          t.equal(answer.headers['www-authenticate'], 'Token')
          t.match(answer.json(), { detail: who === 'wrong' ? 'Invalid token.' : 'Authentication credentials were not provided.' })
        }
      }
    }
    t.equal((await server.inject({ url: '/users/me/', headers: { authorization } })).statusCode, 200)
    if (DOCS === 'callers') {
      const { paths } = (await server.inject({ url: '/openapi.json', headers: { authorization } })).json()
      t.match(paths, { '/users/me': {}, '/api-token-auth': {}, '/forward-auth': {} })
      t.notHas(paths, { '/docs/json': {} })
    }
  })
}
