import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { withoutCoverage } from '../support/without-coverage.js'

const ROOT = join(import.meta.dirname, '../..')

// With the repository's rule alone: the others read the types of all files.
const LINT = `
import { ESLint, Linter } from 'eslint'
const [path, text] = process.argv.slice(1)
const { plugins, rules } = await new ESLint().calculateConfigForFile(path)
const messages = new Linter().verify(text, [{ plugins, rules: { '@stylistic/max-len': rules['@stylistic/max-len'] } }])
console.log(JSON.stringify(messages.map(({ line, message, severity }) => [line, message, severity])))
`

t.test('no line of the source is longer than 140 characters, comments too', async (t) => {
  const lines = [140, 141].flatMap((length) => [`// ${'x'.repeat(length - 3)}`, `export const text${length} = '${'x'.repeat(length - 25)}'`])
  for (const path of ['src/errors.ts', 'plugins/routes/revoke.ts']) {
    const [program, args] = withoutCoverage(process.execPath, '--input-type=module', '--eval', LINT, path, lines.join('\n'))
    const { stdout } = await promisify(execFile)(program, args, { cwd: ROOT })
    t.same(JSON.parse(stdout), [3, 4].map((line) => [line, 'This line has a length of 141. Maximum allowed is 140.', 2]), path)
  }
})
