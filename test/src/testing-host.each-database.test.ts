import Fastify from 'fastify'
import t from 'tap'
import { createAuthtoken, type User } from '../../src/index.js'
import { actingAs } from '../../src/testing.js'
import { hostTables, peopleTable, startHost, tokenTables } from '../support/host-tables.js'

t.test("a test asks as a user of the host's, with what it says and nothing of Django's", async (t) => {
  const { app } = await startHost(t)
  app.get('/staff', { config: { authtoken: { permission: 'isAdminUser' } } }, async () => 'staff')
  const ask = async (url: string, headers: { authorization: string }) => {
    const response = await app.inject({ url, headers })
    return [response.statusCode, response.payload]
  }
  const ann = actingAs(app, { id: 'ann', nickname: 'Ann' } as unknown as Partial<User>, { scope: 'orders:read' })
  const [status, body] = await ask('/me', ann)
  t.equal(status, 200)
  t.same(JSON.parse(String(body)).user, { id: 'ann', nickname: 'Ann' })
  t.equal(JSON.parse(String(body)).userId, 'ann')
  t.same(JSON.parse(String((await ask('/me', actingAs(app)))[1])).user, {})
  t.equal((await ask('/staff', actingAs(app)))[0], 403)
  t.equal((await ask('/staff', actingAs(app, { isStaff: true } as unknown as Partial<User>)))[0], 200)
})

t.test('so it does through a handle', async (t) => {
  const people = peopleTable()
  const tables = tokenTables(people)
  const { db } = await hostTables(t, { people, ...tables })
  const staff = createAuthtoken({ database: db, tables, users: { table: people }, exchange: false })
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(staff.plugin)
  app.get('/me', async (request) => ({ email: staff.user(request)?.email, scope: staff.auth(request)?.scope }))
  t.same((await app.inject({ url: '/me', headers: actingAs(app, { email: 'ann@example.org' } as unknown as Partial<User>) })).json(), { email: 'ann@example.org', scope: '*' })
})
