import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of the repository. */
export const ROOT = join(import.meta.dirname, '../..')

/** The program, as it was built. @throws where it was not */
export function builtProgram (): string {
  const path = join(ROOT, 'dist/src/cli.js')
  if (!existsSync(path)) throw new Error('There is no dist/src/cli.js: npm run build')
  return path
}
