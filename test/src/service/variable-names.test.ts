import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { settingsSchema } from '../../../src/service/settings.js'
import { nameVariables } from '../../../src/service/variable-names.js'

const ROOT = join(import.meta.dirname, '../../..')
/** What only the service and its commands have to do with. */
const OF_SERVICE = /^src\/(service|commands)\/|^src\/cli\.ts$/

const sources = ['src', 'plugins'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)).filter((path) => path.endsWith('.ts')))

t.test('nothing that a host runs names a variable of the service', async (t) => {
  const core = sources.filter((path) => !OF_SERVICE.test(path))
  t.ok(core.length > 100)
  t.ok(core.includes(join('src', 'database', 'inspection.ts')))
  const variable = new RegExp(`\\b(${Object.keys(settingsSchema.properties).join('|')})\\b`)
  t.match('set USER_TABLE=people', variable)
  // The code of an error, as AUTHTOKEN_TOKEN_LIMIT, is none.
  const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8').replace(/define\('\w+'/g, '')
  for (const path of core) t.notMatch(textOf(path), variable, path)
})

t.test('options become variables, in the words of an environment', async (t) => {
  for (const [message, expected] of [
    ["set users.table: 'people', and users.username to the column", 'set USER_TABLE=people, and USERNAME_COLUMN to the column'],
    ["let it ignore them, or set withoutListen: 'ttl'", 'let it ignore them, or set CACHE_WITHOUT_LISTEN=ttl'],
    ['raise max_connections, or lower pool.size', 'raise max_connections, or lower DATABASE_POOL_SIZE'],
    ['x has a table y (users.table) without a key', 'x has a table y (USER_TABLE) without a key'],
    ['database can not be read: it must be postgres://h/d', 'DATABASE_URL can not be read: it must be postgres://h/d'],
    ['database is no URL', 'DATABASE_URL is no URL'],
    ['x is the database of the option database itself', 'x is the database of DATABASE_URL itself']
  ] as const) t.equal(nameVariables(message), expected)
})

t.test('what only looks like an option stays as it is', async (t) => {
  for (const message of [
    'file:/srv/users.table is not an SQLite database',
    'file:./pool.size.db has no table auth_user; run "authtoken migrate"',
    'file:users.table does not exist',
    "is a Django's database without a table people",
    'database-server is a standby',
    'users.tables and mypool.size'
  ]) t.equal(nameVariables(message), message)
})
