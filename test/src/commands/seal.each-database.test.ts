import { generateDrfKey } from '../../../src/tokens/format.js'
import t from 'tap'
import { openAuthtoken } from '../../../src/index.js'
import { sealTokens } from '../../../src/tokens/sealing.js'
import { databaseUrl, open } from '../../support/databases.js'
import { makeUser } from '../../support/users.js'
import { recordedDatabase } from '../../support/fixtures.js'
import { sql } from '../../support/sql.js'
import { cases, createReplay, listenForCases } from '../../support/conformance.js'
import { exchange } from '../../support/raw-http.js'

const CALLERS = 20

t.test("sealed tokens get DRF's answers, and are digests alone", async (t) => {
  const url = await recordedDatabase(t)
  const { port } = await listenForCases(t, url)
  const { bytesOf, differences } = createReplay()
  const [{ count } = { count: 0 }] = await sql(url, 'select count(*) as count from authtoken_token')
  const { database } = await open(t, { database: url })
  t.equal(await sealTokens(database), count)
  t.same(await sql(url, 'select * from authtoken_token'), [])
  t.same(await sql(url, 'select kind, count(*) as count from authtoken_accesstoken group by kind'), [{ kind: 'sealed', count }])

  const about = cases.filter(({ name, tier, request }) => tier === 'must' && name.startsWith('auth-') && JSON.stringify(request.headers).includes('<TOKEN'))
  t.ok(about.length > 10, `${about.length} cases`)
  for (const one of about) t.same(differences(one, await exchange(port, bytesOf(one.request))), [], one.name)
})

t.test('a token that is made while others are sealed is sealed too, or refused', async (t) => {
  const url = await databaseUrl(t)
  const [first, second] = [await open(t, { database: url, onUserCreated: false }), await openAuthtoken({ database: url, onUserCreated: false })]
  t.teardown(() => second.close())
  const users = await Promise.all(Array.from({ length: CALLERS }, (_, index) => first.users.create({ username: `user${index}`, password: null })))
  const [keys] = await Promise.all([
    Promise.all(users.map(async (user) => await second.tokens.getOrCreate(user).then(({ key }) => key, (error) => error.code))),
    sealTokens(first.database)
  ])
  t.same(await sql(url, 'select * from authtoken_token'), [], 'none is left in clear')
  for (const [index, key] of keys.entries()) {
    if (key === 'AUTHTOKEN_TOKENS_SEALED') t.same((await first.tokens.list(users[index] as { id: number }, { limit: 9 })).count, 0)
    else t.match(await second.authenticator.authenticate(key), { user: { username: `user${index}` } })
  }
})

t.test('a token that another program ends while it is sealed stays ended', async (t) => {
  const url = await databaseUrl(t)
  const authtoken = await open(t, { database: url })
  const made = await Promise.all(Array.from({ length: CALLERS }, (_, index) => makeUser(authtoken, `user${index}`)))
  await Promise.all([
    sealTokens(authtoken.database),
    ...made.map(async ({ user }, index) => { if (index % 2 === 0) await sql(url, `delete from authtoken_token where user_id = ${user.id}`).catch(() => {}) })
  ])
  for (const { user, token } of made) {
    const identity = await authtoken.authenticator.authenticate(token.key)
    const { tokens } = await authtoken.tokens.list(user, { limit: 9 })
    t.equal(identity === null, tokens.length === 0)
  }
  t.equal(await authtoken.authenticator.authenticate(generateDrfKey()), null)
})
