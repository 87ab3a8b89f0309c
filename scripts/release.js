// The steps of a release, in the folder of the package: `npm run release`; with `-- --dry-run` it checks, and says what it would run.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const STEPS = [['npm', 'run', 'check'], ['npm', 'run', 'test:package'], ['npm', 'pack']]

const isDryRun = process.argv.includes('--dry-run')
const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'))
const tag = `v${version}`

const problems = [treeProblem(), tagProblem(), lockProblem(), changelogProblem()].filter((problem) => problem !== null)
for (const problem of problems) console.error(`release: ${problem}`)
if (problems.length > 0) process.exit(1)

console.log(`${name} ${version}: the tree is clean, the version is new, and CHANGELOG.md says what changed.`)
for (const [command, ...args] of STEPS) {
  console.log(`${isDryRun ? 'would run' : 'runs'}: ${[command, ...args].join(' ')}`)
  if (isDryRun) continue
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}
console.log(`Then by hand: git tag ${tag} && git push origin ${tag} && npm publish ${name}-${version}.tgz`)

function treeProblem () {
  return git('status', '--porcelain') === '' ? null : 'there are changes that are not committed; commit or stash them'
}

function tagProblem () {
  return git('tag', '--list', tag) === '' ? null : `${tag} is released; npm version <newer> --no-git-tag-version`
}

function lockProblem () {
  const { version: locked } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  return locked === version ? null : `package-lock.json says ${locked}, package.json ${version}; npm install`
}

function changelogProblem () {
  const [, heading, content] = /^## (.*)\n([^]*?)(?=^## |$(?![^]))/m.exec(readFileSync('CHANGELOG.md', 'utf8')) ?? []
  if (!new RegExp(`^${version.replaceAll('.', '\\.')} \\(\\d{4}-\\d\\d-\\d\\d\\)$`).test(heading)) {
    return `the first section of CHANGELOG.md is ${JSON.stringify(heading)}, and not "${version} (<year>-<month>-<day>)"`
  }
  return /^- /m.test(content) ? null : `CHANGELOG.md says nothing about ${version}`
}

function git (...args) {
  return execFileSync('git', args, { encoding: 'utf8' }).trim()
}
