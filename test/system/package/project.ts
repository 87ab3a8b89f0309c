import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { environment, type Outcome, runProgram, startProgram } from '../../support/child-program.js'

/** A project that uses the package, in a folder of its own. */
export type Project = ReturnType<typeof createProject>

const INSTALL_MS = 10 * 60_000
const NPM_ENVIRONMENT = /^(npm_config_(cache|registry|cafile|nodedir)|https?_proxy|no_proxy|node_extra_ca_certs)$/i

const COMPILER_OPTIONS = {
  target: 'es2023',
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  rootDir: '.',
  outDir: 'out'
}

/** What npm needs of our environment, and nothing that a running npm script put there. */
export const npmEnvironment = (): NodeJS.ProcessEnv =>
  environment(Object.fromEntries(Object.entries(process.env).filter(([name]) => NPM_ENVIRONMENT.test(name))))

/** Makes an empty project. @param folder an empty one */
export function createProject (folder: string) {
  const write = (name: string, content: string | object) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2))
  }

  write('package.json', { name: 'project', version: '1.0.0', private: true, type: 'module' })

  return {
    folder,
    write,

    /** Installs packages with npm. */
    install: (...packages: string[]): Promise<Outcome> =>
      runProgram('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: folder, env: npmEnvironment(), timeoutMs: INSTALL_MS }),

    /**
     * Compiles the project.
     * @param compiler a package of TypeScript's
     * @param skipLibCheck false: the declarations of all packages are checked too
     * @param files which files are its program
     */
    compile (compiler: string, skipLibCheck: boolean, files = '*.ts'): Promise<Outcome> {
      write('tsconfig.json', { compilerOptions: { ...COMPILER_OPTIONS, skipLibCheck }, include: [files] })
      return runProgram(process.execPath, [join('node_modules', compiler, 'bin/tsc'), '--pretty', 'false'], { cwd: folder, timeoutMs: 180_000 })
    },

    /** Which of some packages an entry of an installed package loads. */
    async loadedBy (entry: string, packages: string[]): Promise<string[]> {
      const program = `import Module from 'node:module'; await import('${entry}'); console.log(JSON.stringify(Object.keys(Module._cache)))`
      const { output } = await runProgram(process.execPath, ['--input-type=module', '--eval', program], { cwd: folder })
      return packages.filter((name) => (JSON.parse(output) as string[]).some((path) => path.includes(`/node_modules/${name}/`)))
    },

    /** Runs an installed command to its end. */
    command: (args: string[], env: NodeJS.ProcessEnv): Promise<Outcome> =>
      runProgram('npx', ['--no-install', ...args], { cwd: folder, env: environment(env) }),

    /** Starts an installed command that goes on running. @param ready see `startProgram` */
    startCommand: (args: string[], ready: RegExp, env: NodeJS.ProcessEnv) =>
      startProgram('npx', ['--no-install', ...args], ready, { cwd: folder, env: environment(env) }),

    /** Starts a compiled program. */
    start: (name: string) => startProgram(process.execPath, [join('out', name)], null, { cwd: folder }),

    has: (name: string): boolean => existsSync(join(folder, name)),

    /** The files below a folder of the project, without the packages inside it. */
    files (below: string): Array<{ path: string, content: string }> {
      const root = join(folder, below)
      return (readdirSync(root, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => ({ path: path.slice(root.length + 1), content: readFileSync(path, 'utf8') }))
        .filter(({ path }) => !path.startsWith('node_modules'))
    }
  }
}
