import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../../test/support/child-program.js'
import { type Contestant, type Field, refused, script, SERVED, unknownKey, USERS } from './contestant.js'

const FOLDER = join(import.meta.dirname, 'npm')
const SLOW_WARM_UP_S = 8

/** Other packages of npm, which are installed in a folder of their own where they are not yet. @param folder for their databases */
export async function npmContestants (folder: string): Promise<Field> {
  await install()
  const { dependencies } = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8'))
  const version = (name: string) => `${name} ${dependencies[name]}`
  const contestant = (name: string, what: string, file: string, settings: Record<string, string>): Contestant =>
    ({ name, what, command: script(`npm/${file}`), settings, answer: SERVED })
  const jwt = (ALGORITHM: string) => {
    const name = `jwt-${ALGORITHM.toLowerCase()}`
    return [
      contestant(name, `@fastify/jwt, ${ALGORITHM}`, 'jwt.js', { ALGORITHM, CACHE: 'false' }),
      contestant(`${name}-cached`, `@fastify/jwt, ${ALGORITHM}, its cache`, 'jwt.js', { ALGORITHM, CACHE: 'true' })
    ]
  }
  return {
    contestants: [
      contestant('bearer-auth', '@fastify/bearer-auth, 1 key', 'bearer-auth.js', { KEYS: '1' }),
      contestant('bearer-auth-many', `@fastify/bearer-auth, ${USERS} keys`, 'bearer-auth.js', { KEYS: String(USERS) }),
      ...['HS256', 'RS256', 'EdDSA'].flatMap(jwt),
      {
        ...contestant('better-auth', 'better-auth, API key, SQLite', 'better-auth.js', { DATABASE: join(folder, 'better-auth.db') }),
        warmUpS: SLOW_WARM_UP_S
      }
    ],
    notes: [
      `${version('@fastify/bearer-auth')}, the key that is sent is the last of its list; ${version('@fastify/jwt')}, ` +
        'onRequest: request.jwtVerify(), RSA of 2048 bits; neither can revoke',
      `${version('better-auth')} with ${version('@better-auth/api-key')}, the newest that fit each other: auth.api.verifyApiKey in an ` +
        'onRequest hook, better-sqlite3 with WAL and synchronous=normal, its rate limit off, the rest as it comes: it writes a time ' +
        `into the key's row at each check; warmed up for ${SLOW_WARM_UP_S} s`
    ]
  }
}

/** One of them, which refuses. */
export const npmRefusal = (): Contestant => ({
  name: 'refused-bearer-auth',
  what: 'refused: @fastify/bearer-auth, a wrong key',
  command: script('npm/bearer-auth.js'),
  settings: { KEYS: '1' },
  authorization: [`Bearer ${unknownKey()}`],
  answer: refused({ error: 'invalid authorization header' })
})

async function install (): Promise<void> {
  if (existsSync(join(FOLDER, 'node_modules'))) return
  const options = { cwd: FOLDER, timeoutMs: 300_000, env: process.env }
  const { code, errors } = await runProgram('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], options)
  if (code !== 0) throw new Error(`The peers could not be installed in ${FOLDER}: ${errors}`)
}
