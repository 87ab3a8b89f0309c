// Compiles src/ and plugins/ to dist/, puts the migrations beside them, and the program into few files.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const tsc = join(dirname(createRequire(import.meta.url).resolve('native-typescript/package.json')), 'bin', 'tsc')

// Hundreds of modules each, whose loading takes a third of the time until the service answers. All other packages stay outside.
const MANY_MODULES = /^(@sinclair\/typebox|drizzle-orm)(\/|$)/

const packagesOutside = {
  name: 'packages-outside',
  setup: ({ onResolve }) => onResolve({ filter: /^[^./]/ }, ({ path, kind }) => kind === 'entry-point' || MANY_MODULES.test(path)
    ? undefined
    : { external: true })
}

rmSync(dist, { recursive: true, force: true })
execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
cpSync(join(root, 'migrations'), join(dist, 'migrations'), { recursive: true })
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { cli: 'dist/src/cli.js', 'cli/hashing-worker': 'dist/src/passwords/hashing-worker.js' },
  outdir: 'dist/src',
  allowOverwrite: true,
  chunkNames: 'cli/[name]-[hash]',
  bundle: true,
  splitting: true,
  sourcemap: true,
  // The log names an error's class.
  keepNames: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  plugins: [packagesOutside],
  metafile: true,
  logLevel: 'warning'
})
checkNotices(Object.keys(metafile.inputs))
chmodSync(join(dist, 'src', 'cli.js'), 0o755)

/** Every package whose code is in the program has its notice in THIRD-PARTY.txt, and no other has. @throws where that is not so */
function checkNotices (modules) {
  const bundled = new Set(modules.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []))
  const stated = Array.from(readFileSync(join(root, 'THIRD-PARTY.txt'), 'utf8').matchAll(/^=+\n([^\s,]+), https:/gm), ([, name]) => name)
  const [expected, found] = [bundled, stated].map((names) => [...names].sort().join(', '))
  if (found !== expected) throw new Error(`The program has code of ${expected}; THIRD-PARTY.txt names ${found}.`)
}
