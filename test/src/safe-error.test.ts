import { DrizzleQueryError } from 'drizzle-orm'
import { build } from 'esbuild'
import t from 'tap'
import { safeError } from '../../src/safe-error.js'

t.test('what quotes a statement or a body loses its message, not its kind and place', async (t) => {
  const drizzle = safeError(new DrizzleQueryError('select ?', ['s3cret'], new Error('the driver said')))
  t.match(drizzle, { type: 'DrizzleQueryError', message: '', stack: /at /, cause: { type: 'Error', message: 'the driver said' } })
  let syntax: unknown
  try { JSON.parse('{"password":"s3cret') } catch (error) { syntax = error }
  t.match(safeError(syntax), { type: 'SyntaxError', message: '' })
  for (const error of [drizzle, safeError(syntax)]) t.notMatch(JSON.stringify(error), 's3cret')
})

t.test('a bundler that gives classes other names takes nothing from that', async (t) => {
  const { outputFiles: [file] } = await build({ stdin: { contents: "export { DrizzleQueryError } from 'drizzle-orm/errors'", resolveDir: import.meta.dirname }, bundle: true, minify: true, format: 'esm', write: false })
  const { DrizzleQueryError: Renamed } = await import(`data:text/javascript,${encodeURIComponent(file?.text as string)}`)
  t.not(Renamed.name, 'DrizzleQueryError')
  t.notMatch(JSON.stringify(safeError(new Renamed('select ?', ['s3cret'], new Error('the driver said')))), 's3cret')
})

t.test('other errors keep code and message', async (t) => {
  t.match(safeError(Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' })), { code: 'SQLITE_FULL', message: 'disk full' })
  t.same(safeError('thrown text s3cret'), { type: 'string', message: '', stack: '' })
  const bare = new Error('no stack')
  delete bare.stack
  t.equal(safeError(bare).stack, '')
})
