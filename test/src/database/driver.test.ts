import t from 'tap'
import { withDriver } from '../../../src/database/driver.js'

const missing = (name: string) => import(name)

t.test('a driver that is not installed is named, and what installs it', async (t) => {
  const error = Object.assign(new Error("Cannot find package 'pg' imported from /somewhere"), { code: 'ERR_MODULE_NOT_FOUND' })
  await t.rejects(withDriver('pg', async () => { throw error }), { code: 'AUTHTOKEN_DATABASE_UNUSABLE', message: 'pg, the driver of such a database, is not installed; "npm install pg" does that' })
})

t.test('what else goes wrong is not taken for that', async (t) => {
  await t.rejects(withDriver('pg', () => missing('no-such-package')), { code: 'ERR_MODULE_NOT_FOUND', message: /no-such-package/ })
  await t.rejects(withDriver('better-sqlite3', async () => { throw new SyntaxError('x') }), SyntaxError)
})

t.test('one that is there is loaded', async (t) => {
  t.equal(typeof (await withDriver('pg', () => import('pg'))).default.Pool, 'function')
})
