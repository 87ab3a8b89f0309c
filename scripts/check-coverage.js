// Fails where a line of src/ or plugins/ is not covered by a test.
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')
const { total, ...files } = JSON.parse(readFileSync(join(root, '.tap/report/coverage-summary.json'), 'utf8'))
const ours = Object.entries(files).map(([path, { lines }]) => [relative(root, path), lines]).filter(([path]) => /^(src|plugins)\//.test(path))
const incomplete = ours.filter(([, lines]) => lines.covered < lines.total)

for (const [path, { covered, total }] of incomplete) console.error(`${path}: ${covered} of ${total} lines are covered; npx tap report text shows which are not`)
console.log(`Coverage: ${ours.length - incomplete.length} of ${ours.length} files have every line covered.`)
process.exitCode = incomplete.length === 0 && ours.length > 0 ? 0 : 1
