import Fastify from 'fastify'
import t from 'tap'
import { type Auth, openAuthtoken, tokenAuth } from '../../../src/index.js'
import { createDatabase } from '../../support/postgres/database.js'
import { makeUser } from '../../support/users.js'

t.test('on PostgreSQL a write is rolled back whose caller may not any more, and the connection goes on', async (t) => {
  const authtoken = await openAuthtoken({ database: await createDatabase(t), migrate: true, pool: { size: 1 } })
  const app = Fastify()
  t.teardown(() => app.close())
  t.teardown(() => authtoken.close())
  await app.register(tokenAuth, { authenticator: authtoken.authenticator })
  app.get('/', async ({ auth }) => { caller = auth })
  let caller: Auth | null = null

  const { tokens } = authtoken
  const { user } = await makeUser(authtoken, 'ann')
  const { id, key } = await tokens.create(user)
  await app.inject({ url: '/', headers: { authorization: `Token ${key}` } })
  t.match(await tokens.createAs(caller, { name: 'before' }), { name: 'before' })
  await tokens.revoke(user, id)
  await t.rejects(tokens.createAs(caller, { name: 'after' }), { statusCode: 401, message: 'Invalid token.' })
  t.same((await tokens.list(user, { limit: 10 })).tokens.map(({ name }) => name).filter((name) => name !== null), ['before'])
})
