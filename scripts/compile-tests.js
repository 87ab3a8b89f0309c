// Makes the folder `compiled`: the repository once more, with JavaScript beside its TypeScript. A loader would compile each module
// in each of some hundred test processes, and takes part in the loading of every package.
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { utimesSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { build, version } from 'esbuild'

export const ROOT = join(import.meta.dirname, '..')
export const COMPILED = join(ROOT, 'compiled')

const SOURCES = ['src', 'plugins', 'test']
const NOT_NEEDED = new Set(['.git', '.tap', 'compiled', 'coverage', ...SOURCES])
const STAMP = join(COMPILED, '.made-by')
const OPTIONS = { outdir: COMPILED, outbase: ROOT, platform: 'node', format: 'esm', target: 'node20', sourcemap: true, logLevel: 'warning' }

/** Compiles what has changed since the last time, links to all other files, and removes what is gone. */
export async function compileTests () {
  const madeBy = JSON.stringify({ version, OPTIONS })
  if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== madeBy) rmSync(COMPILED, { recursive: true, force: true })
  const files = SOURCES.flatMap((folder) => filesOf(join(ROOT, folder)))
  const sources = files.filter((path) => path.endsWith('.ts'))
  const stale = sources.filter(isStale)
  if (stale.length > 0) await build({ ...OPTIONS, entryPoints: stale })
  for (const path of stale) copyTime(path, outputOf(path))

  const links = [...files, ...readdirSync(ROOT).filter((name) => !NOT_NEEDED.has(name)).map((name) => join(ROOT, name))]
  links.forEach(link)
  const wanted = new Set([...links.map(placeOf), ...sources.flatMap((path) => [outputOf(path), `${outputOf(path)}.map`])])
  for (const path of SOURCES.flatMap((folder) => filesOf(join(COMPILED, folder)))) if (!wanted.has(path)) rmSync(path)
  writeFileSync(STAMP, madeBy)
}

/** Where the JavaScript of a TypeScript file is. */
export const outputOf = (source) => placeOf(source).replace(/\.ts$/, '.js')

const placeOf = (path) => join(COMPILED, relative(ROOT, path))

const filesOf = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => !entry.isDirectory())
  .map(({ parentPath, name }) => join(parentPath, name))

/** An output has the time of its source, so that an older source that comes back is seen too; to the millisecond, as times are set. */
function isStale (source) {
  const output = statSync(outputOf(source), { throwIfNoEntry: false })
  return output === undefined || Math.abs(output.mtimeMs - statSync(source).mtimeMs) > 1
}

function copyTime (source, output) {
  const { atime, mtime } = statSync(source)
  utimesSync(output, atime, mtime)
}

function link (path) {
  const place = placeOf(path)
  if (lstatSync(place, { throwIfNoEntry: false }) !== undefined) return
  mkdirSync(dirname(place), { recursive: true })
  symlinkSync(path, place)
}
