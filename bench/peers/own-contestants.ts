import { openAuthtoken } from '../../src/open-authtoken.js'
import { type Contestant, refused, script, SERVED, unknownKey, USERS } from './contestant.js'

const AUTHTOKEN = 'fastify/authtoken.js'

interface Keys { drf: string[], access: string[] }

/** This package, with and without its cache, on a database that is made here. */
export async function ownContestants (database: 'SQLite' | 'PostgreSQL', url: string): Promise<Contestant[]> {
  const { drf, access } = await createKeys(url)
  const end = database === 'SQLite' ? '' : '-postgres'
  const contestant = (name: string, what: string, keys: string[], settings: Record<string, string> = {}): Contestant => ({
    name: `${name}${end}`,
    what: `${what}, ${database}`,
    command: script(AUTHTOKEN),
    settings: { DATABASE_URL: url, FORM: 'config', ...settings },
    authorization: keys.map((key) => `Token ${key}`),
    answer: SERVED
  })
  const all = [
    contestant('drf-cached', 'DRF token, cached', drf.slice(0, 1)),
    contestant('access-cached', 'access token, cached', access.slice(0, 1)),
    contestant('drf-uncached', 'DRF token, uncached', drf.slice(0, 1), { CACHE_SIZE: '0' }),
    contestant('access-uncached', 'access token, uncached', access.slice(0, 1), { CACHE_SIZE: '0' })
  ]
  if (database === 'PostgreSQL') return all
  return [
    ...all,
    contestant('drf-cached-many', `${USERS} DRF tokens in turn, cached`, drf),
    contestant('drf-uncached-many', `${USERS} DRF tokens in turn, uncached`, drf, { CACHE_SIZE: '0' }),
    contestant('drf-cached-onrequest', 'DRF token, cached, onRequest: app.verifyToken', drf.slice(0, 1), { FORM: 'onRequest' }),
    contestant('drf-cached-auth', 'DRF token, cached, app.auth([app.verifyToken])', drf.slice(0, 1), { FORM: 'auth' })
  ]
}

/** This package, which refuses. @param url of a database of `ownContestants` */
export function ownRefusals (url: string): Contestant[] {
  const contestant = (name: string, what: string, keys: string[]): Contestant => ({
    name,
    what: `refused: ${what}`,
    command: script(AUTHTOKEN),
    settings: { DATABASE_URL: url, FORM: 'config' },
    authorization: keys.map((key) => `Token ${key}`),
    answer: refused({ detail: 'Invalid token.' })
  })
  return [
    contestant('refused-checksum', 'access token with a wrong checksum', [`fat_${'0'.repeat(36)}`]),
    contestant('refused-unknown', 'unknown DRF token, SQLite', [unknownKey()]),
    contestant('refused-unknown-many', `${USERS} unknown DRF tokens in turn, SQLite`, Array.from({ length: USERS }, unknownKey))
  ]
}

async function createKeys (url: string): Promise<Keys> {
  const { users, tokens, close } = await openAuthtoken({ database: url, migrate: true })
  try {
    const keys: Keys = { drf: [], access: [] }
    for (let i = 0; i < USERS; i++) {
      const user = await users.create({ username: `user${i}`, email: '', password: null }, { validate: false })
      keys.drf.push((await tokens.getOrCreate(user)).key)
      keys.access.push((await tokens.create(user)).key)
    }
    return keys
  } finally {
    await close()
  }
}
