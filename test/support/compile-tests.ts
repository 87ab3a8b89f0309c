import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

const ROOT = join(import.meta.dirname, '../..')
const SOURCES = ['src', 'plugins', 'test']
const NOT_NEEDED = new Set(['.git', '.tap', 'compiled', 'coverage', ...SOURCES])

/**
 * Makes the folder `compiled`: the repository once more, its TypeScript beside what Node runs of it. A loader would compile
 * each module in each of some hundred processes, and takes part in the loading of every package.
 * @returns the folder
 */
export async function compileTests (): Promise<string> {
  const folder = join(ROOT, 'compiled')
  const files = SOURCES.flatMap((name) => readdirSync(join(ROOT, name), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name)))
  rmSync(folder, { recursive: true, force: true })
  await build({
    entryPoints: files.filter((path) => path.endsWith('.ts')),
    outdir: folder,
    outbase: ROOT,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning'
  })
  for (const path of [...files, ...readdirSync(ROOT).filter((name) => !NOT_NEEDED.has(name)).map((name) => join(ROOT, name))]) {
    const place = join(folder, path.slice(ROOT.length))
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(path, place)
  }
  return folder
}
