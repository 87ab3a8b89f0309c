// What `npm run lint` holds of the structure, beside eslint's rules: `node scripts/check-structure.js [folder]`
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { cruise } from 'dependency-cruiser'
import imports from '../.dependency-cruiser.js'

const CHECKS = [importRules, uniqueNames, folderSizes, commentsInBounds, readmes, shortChains]
const MOST_FILES = 16
const LONGEST_CHAIN = 6
const COMMENT_SHARE = [8, 14]
const README_LINES = [3, 10]
// The same parts, one of each for a dialect.
const PAIRS = /^src\/database\/(sqlite|postgres)\//
// Data, and a project of Django's.
const WITHOUT_README = /^test\/(fixtures|system\/django\/project)(\/|$)/

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
const read = (path) => readFileSync(join(root, path), 'utf8')
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
const files = listed.split('\n').filter((path) => path !== '' && existsSync(join(root, path)))
const sources = files.filter((path) => /^(src|plugins)\/.*\.ts$/.test(path))
const cruised = await cruise(['src', 'plugins'], { ...imports.options, baseDir: root, validate: true, ruleSet: imports })
const { modules, summary } = cruised.output

const problems = CHECKS.flatMap((check) => check())
for (const problem of problems) console.error(problem)
if (problems.length === 0) {
  const facts = [`longest chain in src/database: ${longestChain().length}`, `comments: ${commentShare().toFixed(1)} %`]
  console.log(`Structure: ${sources.length} files; no import upwards or in a circle; ${facts.join('; ')}.`)
}
process.exitCode = problems.length === 0 ? 0 : 1

/** What .dependency-cruiser.js forbids. */
function importRules () {
  const unread = sources.filter((path) => !modules.some(({ source }) => source === path))
  return [
    ...unread.map((path) => `${path}: its imports could not be read`),
    ...summary.violations.map(({ from, to, cycle, rule }) => {
      const imported = cycle?.map(({ name }) => name).join(' > ') ?? to.replace(/^.*node_modules\//, '')
      return `${from}: imports ${imported}; ${rule.name}`
    })
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
  const problem = `src, plugins: ${share.toFixed(1)} % of the lines are comments, which should be ${least} to ${most} %`
  return share < least || share > most ? [problem] : []
}

function commentShare () {
  const lines = sources.flatMap((path) => read(path).trimEnd().split('\n'))
  let inBlock = false
  const comments = lines.filter((line) => {
    const isComment = inBlock || /^\s*\/[/*]/.test(line)
    if (isComment && !/^\s*\/\//.test(line)) inBlock = !line.includes('*/')
    return isComment
  })
  return 100 * comments.length / lines.length
}

function readmes () {
  const folders = new Set(files.filter((path) => /^(src|plugins|test|bench)\//.test(path)).flatMap(foldersOf))
  return [...folders].filter((folder) => !WITHOUT_README.test(folder)).sort().flatMap((folder) => {
    const path = `${folder}/README.md`
    if (!files.includes(path)) return [`${path}: is missing`]
    const [least, most] = README_LINES
    const count = read(path).split('\n').filter((line) => line.trim() !== '').length
    const named = [...read(path).matchAll(/`([\w./-]+\.(?:ts|js|json|py|md))`/g)].map(([, name]) => name)
    return [
      ...(count < least || count > most ? [`${path}: ${count} lines, which should be ${least} to ${most}`] : []),
      ...named.filter((name) => !name.startsWith('dist/') && !isThere(folder, name)).map((name) => `${path}: names ${name}, which is not there`)
    ]
  })
}

/** In the folder, in one inside it, or at that place of the repository. */
function isThere (folder, name) {
  const places = [name, join(folder, name)]
  return files.some((path) => places.includes(path) || (path.startsWith(`${folder}/`) && path.endsWith(`/${name}`)))
}

function foldersOf (path) {
  const folder = dirname(path)
  return folder === '.' ? [] : [folder, ...foldersOf(folder)]
}

function shortChains () {
  const chain = longestChain()
  return chain.length > LONGEST_CHAIN ? [`${chain.join(' > ')}: a chain of ${chain.length} files, ${LONGEST_CHAIN} at most`] : []
}

/** Inside src/database: how far one may have to go from what stands on the page. */
function longestChain () {
  const imported = Object.fromEntries(modules.map(({ source, dependencies }) => [source, dependencies.map(({ resolved }) => resolved)]))
  const inside = (paths) => paths.filter((path) => path.startsWith('src/database/'))
  const longest = (chains) => chains.reduce((best, chain) => chain.length > best.length ? chain : best, [])
  const known = {}
  const chainFrom = (path) => {
    if (known[path] === undefined) {
      // A circle, which is a problem of its own, ends at the file where it began.
      known[path] = [path]
      known[path] = [path, ...longest(inside(imported[path]).map(chainFrom))]
    }
    return known[path]
  }
  return longest(inside(Object.keys(imported)).map(chainFrom))
}
