// What `npm run lint` holds of the structure, beside eslint's rules: `node scripts/check-structure.js [folder]`
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { cruise } from 'dependency-cruiser'
import imports from '../.dependency-cruiser.js'

const CHECKS = [importRules, uniqueNames, folderSizes, commentsInBounds, readmes, shortChains]
// Not held of this repository yet.
const LATER = process.argv[2] === undefined ? [commentsInBounds, readmes, shortChains] : []

const MOST_FILES = 16
const LONGEST_CHAIN = 6
const COMMENT_SHARE = [8, 14]
const README_LINES = [3, 10]
// The same parts, one of each for a dialect.
const PAIRS = /^src\/database\/(sqlite|postgres)\//
// Data, and a project of Django's.
const WITHOUT_README = /^test\/(fixtures|system\/django\/project)(\/|$)/

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n').filter((path) => path !== '' && existsSync(join(root, path)))
const sources = files.filter((path) => /^(src|plugins)\/.*\.ts$/.test(path))
const { modules, summary } = (await cruise(['src', 'plugins'], { ...imports.options, baseDir: root, validate: true, ruleSet: imports })).output

const problems = CHECKS.filter((check) => !LATER.includes(check)).flatMap((check) => check())
for (const problem of problems) console.error(problem)
if (problems.length === 0) {
  console.log(`Structure: ${sources.length} files; no import upwards or in a circle; longest chain in src/database: ${longestChain().length}; comments: ${commentShare().toFixed(1)} %.`)
}
process.exitCode = problems.length === 0 ? 0 : 1

/** What .dependency-cruiser.js forbids. */
function importRules () {
  return [
    ...sources.filter((path) => !modules.some(({ source }) => source === path)).map((path) => `${path}: its imports could not be read`),
    ...summary.violations.map(({ from, to, cycle, rule }) => `${from}: imports ${cycle?.map(({ name }) => name).join(' > ') ?? to.replace(/^.*node_modules\//, '')}; ${rule.name}`)
  ]
}

function uniqueNames () {
  return groups(sources.filter((path) => basename(path) !== 'index.ts'), (path) => basename(path))
    .filter(([, paths]) => paths.length > 1 && !(paths.length === 2 && paths.every((path) => PAIRS.test(path))))
    .map(([name, paths]) => `${paths.join(', ')}: one name, ${name}, for several files`)
}

function folderSizes () {
  return groups(files.filter((path) => /^(src|plugins)\//.test(path) && basename(path) !== 'README.md'), (path) => dirname(path))
    .filter(([, paths]) => paths.length > MOST_FILES)
    .map(([folder, paths]) => `${folder}: ${paths.length} files, of which ${MOST_FILES} at most may be in a folder`)
}

function groups (paths, keyOf) {
  const found = {}
  for (const path of paths) (found[keyOf(path)] ??= []).push(path)
  return Object.entries(found)
}

function commentsInBounds () {
  const [least, most] = COMMENT_SHARE
  const share = commentShare()
  return share < least || share > most ? [`src, plugins: ${share.toFixed(1)} % of the lines are comments, which should be ${least} to ${most} %`] : []
}

function commentShare () {
  const lines = sources.flatMap((path) => readFileSync(join(root, path), 'utf8').trimEnd().split('\n'))
  let inBlock = false
  const comments = lines.filter((line) => {
    const isComment = inBlock || /^\s*\/[/*]/.test(line)
    if (isComment && !/^\s*\/\//.test(line)) inBlock = !line.includes('*/')
    return isComment
  })
  return 100 * comments.length / lines.length
}

function readmes () {
  const [least, most] = README_LINES
  const folders = new Set(files.filter((path) => /^(src|plugins|test|bench)\//.test(path)).flatMap(foldersOf))
  return [...folders].filter((folder) => !WITHOUT_README.test(folder)).sort().flatMap((folder) => {
    const path = `${folder}/README.md`
    if (!files.includes(path)) return [`${path}: is missing`]
    const text = readFileSync(join(root, path), 'utf8')
    const count = text.split('\n').filter((line) => line.trim() !== '').length
    const gone = [...text.matchAll(/`([\w./-]+\.(?:ts|js|json|py|md))`/g)].filter(([, name]) => !isThere(folder, name))
    return [
      ...(count < least || count > most ? [`${path}: ${count} lines, which should be ${least} to ${most}`] : []),
      ...gone.map(([, name]) => `${path}: names ${name}, which is not there`)
    ]
  })
}

/** In the folder, in one inside it, or at that place of the repository. */
function isThere (folder, name) {
  return files.some((path) => path === name || path === join(folder, name) || (path.startsWith(`${folder}/`) && path.endsWith(`/${name}`)))
}

function foldersOf (path) {
  const folder = dirname(path)
  return folder === '.' ? [] : [folder, ...foldersOf(folder)]
}

function shortChains () {
  const chain = longestChain()
  return chain.length > LONGEST_CHAIN ? [`${chain.join(' > ')}: ${chain.length} files import each other in a chain, ${LONGEST_CHAIN} at most`] : []
}

/** Inside src/database: how far one may have to go from what stands on the page. */
function longestChain () {
  const inside = new Map(modules.filter(({ source }) => source.startsWith('src/database/')).map(({ source, dependencies }) => [source, dependencies]))
  const chains = new Map()
  const longest = (found) => found.reduce((best, chain) => chain.length > best.length ? chain : best, [])
  const from = (path) => {
    if (!chains.has(path)) {
      chains.set(path, [path])
      chains.set(path, [path, ...longest(inside.get(path).filter(({ resolved }) => inside.has(resolved)).map(({ resolved }) => from(resolved)))])
    }
    return chains.get(path)
  }
  return longest([...inside.keys()].map(from))
}
