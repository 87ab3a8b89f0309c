// Fails where a line of src/ or plugins/ is not covered by a test.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')
const c8 = join(dirname(createRequire(import.meta.url).resolve('c8/package.json')), 'bin', 'c8.js')
execFileSync(process.execPath, [c8, 'report', '--reporter', 'json-summary'], { cwd: root, stdio: 'inherit' })
const { total, ...files } = JSON.parse(readFileSync(join(root, 'coverage/coverage-summary.json'), 'utf8'))
const ours = Object.entries(files).map(([path, { lines }]) => [relative(root, path), lines])
  .filter(([path]) => /^(src|plugins)\//.test(path))
const incomplete = ours.filter(([, lines]) => lines.covered < lines.total)

for (const [path, { covered, total }] of incomplete) {
  console.error(`${path}: ${covered} of ${total} lines are covered; npx c8 report ` +
    'shows which are not')
}
console.log(`Coverage: ${ours.length - incomplete.length} of ${ours.length} files have every line covered.`)
process.exitCode = incomplete.length === 0 && ours.length > 0 ? 0 : 1
