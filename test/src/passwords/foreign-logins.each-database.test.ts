import t from 'tap'
import { buildHost } from '../../support/applications.js'
import { databaseUrl } from '../../support/databases.js'
import { makeUser } from '../../support/users.js'
import { settings, type Vector, VECTORS } from '../../support/password-vectors.js'
import { sql } from '../../support/sql.js'

/** One of each system and algorithm, of low cost, and Laravel's default Argon2, which is stronger than ours. */
function samples (): Vector[] {
  const kind = ({ system, encoded }: Vector) => `${system} ${encoded.split('$')[1]}`
  const cheap = VECTORS.filter((vector, index) => VECTORS.findIndex((other) => kind(other) === kind(vector)) === index)
  const strong = VECTORS.filter(({ encoded }) => encoded.startsWith('$argon2id$v=19$m=65536,t=4,p=1$'))
  // In PostgreSQL Django's column holds no more than 128 characters.
  return [...cheap, ...strong].filter(({ encoded }) => process.env.TEST_DIALECT !== 'postgres' || encoded.length <= 128)
}

for (const rehash of [false, true]) {
  t.test(`users of each system log in, and their hash ${rehash ? 'is replaced where ours is stronger' : 'stays'}`, async (t) => {
    const url = await databaseUrl(t)
    const app = await buildHost(t, { database: url, passwords: { hasher: 'argon2', rehash } })
    const logIn = (username: string, password: string) => app.inject({ method: 'POST', url: '/api-token-auth/', payload: { username, password } })
    await Promise.all(samples().map(async ({ system, encoded, password, refused: [wrong = ''] }, index) => {
      const username = `user${index}`
      const { token } = await makeUser(app.authtoken, username)
      const stored = async () => String((await sql(url, `select password from auth_user where username = '${username}'`))[0]?.password)
      await sql(url, `update auth_user set password = '${encoded}' where username = '${username}'`)
      const name = `${system}: ${settings(encoded)}`
      t.same((await logIn(username, wrong)).json(), { non_field_errors: ['Unable to log in with provided credentials.'] }, name)
      t.equal(await stored(), encoded, 'a failed login changes nothing')
      t.same((await logIn(username, password)).json(), { token: token.key }, name)
      const isStronger = encoded.includes('m=65536')
      if (rehash && !isStronger) t.match(await stored(), /^argon2\$argon2id\$v=19\$m=19456,t=2,p=1\$/, name)
      else t.equal(await stored(), encoded, name)
      if (rehash) t.same((await logIn(username, password)).json(), { token: token.key }, `${name}, once more`)
    }))
  })
}
