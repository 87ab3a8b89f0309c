import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../support/repository.js'
import type { Report } from '../../support/check-report.js'
import type { Project } from './project.js'

const PACKAGE = 'node_modules/fastify-authtoken'
const NEEDED = [
  'package.json', 'README.md', 'LICENSE', 'dist/src/index.js', 'dist/src/index.d.ts', 'dist/src/sqlite.js', 'dist/src/sqlite.d.ts', 'dist/src/postgres.js', 'dist/src/postgres.d.ts', 'dist/src/testing.js', 'dist/src/remote.js', 'dist/src/remote.d.ts', 'dist/src/client.js', 'dist/src/client.d.ts', 'dist/src/cli.js', 'THIRD-PARTY.txt', 'dist/plugins/authtoken.js',
  'dist/migrations/sqlite/0000_django.sql', 'dist/migrations/sqlite/0001_access_tokens.sql', 'dist/migrations/sqlite/meta/_journal.json'
]
const PLACES = /^(package\.json|README\.md|LICENSE|THIRD-PARTY\.txt|CHANGELOG\.md|dist\/(src|plugins|migrations)\/.+)$/
const UNWANTED = /(^|\/)(tests?|fixtures|bench|coverage)\/|\.test\.|(?<!\.d)\.ts$|\.(db|sqlite3|db-wal|db-shm|pem|key|log|tgz)$|(^|\/)\.(env|npmrc)/
const SECRETS = /-----BEGIN [A-Z ]*PRIVATE KEY|\bnpm_[A-Za-z0-9]{36}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bAKIA[0-9A-Z]{16}\b/
const TOKEN = /\b[0-9a-f]{40}\b/

/** The installed package holds what it needs, and nothing else. */
export function checkContents (report: Report, project: Project): void {
  const files = project.files(PACKAGE)
  const paths = files.map(({ path }) => path)
  report.note(`${files.length} files, ${Math.round(files.reduce((sum, { content }) => sum + content.length, 0) / 1024)} kB`)
  report.equal(
    'the package holds the program, its declarations, the migrations, README and LICENSE',
    NEEDED.filter((path) => !paths.includes(path)),
    []
  )
  report.equal('it holds nothing outside dist but the usual pages', paths.filter((path) => !PLACES.test(path)), [])
  report.equal('no test, no source, no database, no settings', paths.filter((path) => UNWANTED.test(path)), [])
  report.equal(
    'no file tells a secret',
    files.filter(({ path, content }) => SECRETS.test(content) || (path.startsWith('dist/') && TOKEN.test(content))).map(({ path }) => path),
    []
  )
  report.equal('no file tells where it was built', files.filter(({ content }) => content.includes(ROOT)).map(({ path }) => path), [])
  report.check('the command may be executed', isExecutable(join(project.folder, PACKAGE, 'dist/src/cli.js')))

  const lost = files.filter(({ path, content }) => path.endsWith('.js.map') && hasLostSources(path, content, paths))
  if (lost.length > 0) report.note(`${lost.length} source maps name a source that is neither in the package nor in the map`)
}

function hasLostSources (path: string, content: string, paths: string[]): boolean {
  const { sources, sourcesContent } = JSON.parse(content) as { sources: string[], sourcesContent?: string[] }
  return sourcesContent === undefined && sources.some((source) => !paths.includes(join(path, '..', source)))
}

function isExecutable (path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
