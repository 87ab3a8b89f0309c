import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import SQLite from 'better-sqlite3'
import { openAuthtoken } from '../../../../dist/src/index.js'

// On the built package, which starts faster than the source: it is started many times.
// Once it is told to, creates and revokes tokens of random users until it is killed, and says what it begins and what was answered.

const [path = '', users = '0'] = process.argv.slice(2)
const LOOPS = 4
// The next batches of a seal that runs meanwhile.
const AHEAD = 1500

await once(process.stdin, 'data')
const { tokens } = await openAuthtoken({ database: `file:${path}`, create: false, migrate: false })
const client = new SQLite(path, { readonly: true })
const nextToSeal = client.prepare('select key, user_id id from authtoken_token order by key limit 1 offset ?')

// In the pipe before the next statement begins: nothing that was said is lost with the process.
const say = (...words) => { writeSync(1, `${words.join(' ')}\n`) }

async function create (id) {
  const token = await tokens.create({ id })
  say('created', token.key, id)
  return token
}

async function revoke (userId, id, key) {
  say('revoking', key)
  say(await tokens.revoke({ id: userId }, id) ? 'revoked' : 'absent', key)
}

async function work () {
  const id = randomInt(1, Number(users) + 1)
  await create(id)
  const token = await create(id)
  await revoke(id, token.id, token.key)
  const drf = nextToSeal.get(randomInt(AHEAD))
  if (drf !== undefined) await revoke(drf.id, `drf-${drf.id}`, drf.key)
}

await Promise.all(Array.from({ length: LOOPS }, async () => {
  while (true) {
    try {
      await work()
    } catch (error) {
      // The seal had the lock all the time: nothing was answered.
      if (error.code !== 'AUTHTOKEN_DATABASE_UNAVAILABLE') throw error
      say('unavailable')
    }
  }
}))
