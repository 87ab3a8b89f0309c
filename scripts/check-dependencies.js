// Compares docs/dependencies.md with package.json and, without --offline, with the registry: what is behind, and nothing else, is in its table.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '..')
const { dependencies, devDependencies, optionalDependencies, overrides } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const ranges = { ...dependencies, ...devDependencies, ...optionalDependencies, ...overrides }
const page = readFileSync(join(root, 'docs/dependencies.md'), 'utf8')
const rows = Array.from(page.matchAll(/^\| (\S+) \| ([\d.]+) \| ([\d.]+) \| \S.* \|$/gm), ([, name, held, newest]) => ({ name, held, newest }))

const problems = rows.flatMap(differsFromPackage)
if (!process.argv.includes('--offline')) problems.push(...await differencesFromRegistry())
if (rows.length === 0) problems.push('docs/dependencies.md has no table of packages.')
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1

function differsFromPackage ({ name, held, newest }) {
  const range = ranges[name]
  if (range === undefined) return `${name} is no dependency.`
  if (!isOf(range.replace(/^[~^]/, ''), held)) return `${name} is held at ${range}, not ${held}.`
  return isOf(newest, held) ? `${name} is not behind: ${newest} is newest.` : []
}

async function differencesFromRegistry () {
  const behind = await npm('outdated')
  const unexplained = Object.keys(behind).filter((name) => !rows.some((row) => row.name === name))
  const latest = await Promise.all(rows.map(({ name }) => npm('view', name, 'dist-tags.latest')))
  return [
    ...unexplained.map((name) => `${name} is behind: ${behind[name].current}, newest ${behind[name].latest}.`),
    ...rows.flatMap(({ name, newest }, i) => isOf(latest[i], newest) ? [] : `${name}: ${latest[i]} is newest, not ${newest}.`)
  ]
}

/** What npm answers. `npm outdated` ends with 1 where something is behind. */
async function npm (...args) {
  const { stdout } = await promisify(execFile)('npm', [...args, '--json'], { cwd: root }).catch((error) => {
    if (args[0] === 'outdated' && error.code === 1) return error
    throw error
  })
  return JSON.parse(stdout)
}

/** Whether a version is of a line of versions: 14.0.3 of 14. */
function isOf (version, line) {
  return `${version}.`.startsWith(`${line}.`)
}
