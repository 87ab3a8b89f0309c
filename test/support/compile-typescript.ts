import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { ROOT } from './repository.js'
import { folderOf } from './databases.js'
import { withoutCoverage } from './without-coverage.js'

/** Where a TypeScript is installed, by its version: hosts have either. */
export const COMPILERS = { 5.9: 'typescript', 7: 'native-typescript' }

/**
 * Compiles modules as one program that has this package, as it was built: under strict.
 * @param modules by their names
 * @returns what the compiler has against them; empty: nothing
 */
export async function compile (t: Test, modules: Record<string, string>, compiler = COMPILERS[7]): Promise<string> {
  const folder = join(folderOf(t), randomUUID())
  mkdirSync(folder)
  for (const [name, code] of Object.entries(modules)) writeFileSync(join(folder, `${name}.ts`), `${code}\nexport {}\n`)
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      paths: Object.fromEntries(['', '/sqlite', '/postgres', '/remote', '/client', '/testing'].map((entry) => [
        `fastify-authtoken${entry}`,
        [join(ROOT, `dist/src${entry || '/index'}.d.ts`)]
      ])),
      noUnusedLocals: false
    },
    include: ['*.ts']
  }))
  const tsc = withoutCoverage(process.execPath, join(ROOT, 'node_modules', compiler, 'bin/tsc'), '--noEmit', '-p', folder)
  const { stdout, stderr } = await promisify(execFile)(...tsc).catch((error) => error)
  return stdout + stderr
}
