import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { withoutCoverage } from '../support/without-coverage.js'

const ROOT = join(import.meta.dirname, '../..')
const read = <Content>(name: string): Content => JSON.parse(readFileSync(join(ROOT, name), 'utf8')) as Content

t.test('docs/dependencies.md says of each package that is held back what package.json holds it at', async (t) => {
  const { stderr } = await promisify(execFile)(...withoutCoverage(process.execPath, join(ROOT, 'scripts/check-dependencies.js'), '--offline')).catch((error) => error)
  t.equal(stderr, '')
})

t.test('npm may run the install scripts of the packages that have one, and of no others', async (t) => {
  const { packages } = read<{ packages: Record<string, { hasInstallScript?: true }> }>('package-lock.json')
  const { allowScripts } = read<{ allowScripts: Record<string, boolean> }>('package.json')
  const paths = Object.keys(packages).filter((path) => packages[path]?.hasInstallScript)
  const names = new Set(paths.map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)))
  t.strictSame(Object.keys(allowScripts).sort(), [...names].sort())
})
