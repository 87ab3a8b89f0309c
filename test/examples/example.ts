import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { builtProgram, ROOT } from '../support/repository.js'
import { environment, runProgram, startProgram } from '../support/child-program.js'
import { folderOf } from '../support/databases.js'
import { withoutCoverage } from '../support/without-coverage.js'
import type { Asked } from '../support/permission-scenarios.js'

/** Where a command of an example's packages is. */
export const commandOf = (name: 'authtoken' | 'drizzle-kit' | 'fastify' | 'tsc'): string =>
  name === 'authtoken' ? builtProgram() : join(ROOT, 'node_modules/.bin', name)

/**
 * An example as if it had been installed: a copy with this package, as it was built, and the repository's other packages.
 * @param env of its programs
 */
export function installExample (t: Test, name: string, env: NodeJS.ProcessEnv) {
  const folder = join(folderOf(t), name)
  cpSync(join(ROOT, 'examples', name), folder, { recursive: true })
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/fastify-authtoken'))
  const options = { cwd: folder, env: environment(env) }
  const succeed = async (...args: string[]): Promise<string> => {
    const { code, output, errors } = await runProgram(...withoutCoverage(process.execPath, ...args), options)
    if (code !== 0) t.fail(args.join(' '), { output, errors })
    return output
  }

  const npx = (name: Parameters<typeof commandOf>[0], ...args: string[]): Promise<string> => succeed(commandOf(name), ...args)
  const migrations = join(folder, 'drizzle')

  return {
    folder,
    read: (path: string): string => readFileSync(join(folder, path), 'utf8'),
    write: (path: string, content: string): void => writeFileSync(join(folder, path), content),

    /** Runs one of its packages' commands. @returns what it said; fails the test where it failed */
    npx,

    /** Has drizzle-kit make all migrations anew. @returns the only one */
    async generateAnew (): Promise<string> {
      renameSync(migrations, `${migrations}.committed`)
      await npx('drizzle-kit', 'generate')
      const made = readdirSync(migrations).filter((name) => name.endsWith('.sql'))
        .map((name) => readFileSync(join(migrations, name), 'utf8'))
      rmSync(migrations, { recursive: true })
      renameSync(`${migrations}.committed`, migrations)
      t.equal(made.length, 1, 'one migration makes it all')
      return made.join('')
    },

    /** Runs a file of its own. @returns as `npx` */
    tsx: (path: string, ...args: string[]): Promise<string> => succeed('--import', 'tsx', path, ...args),

    /** Starts it on a free port; ended behind the test. @param args of node's, with TypeScript */
    async start (...args: string[]) {
      const server = await startProgram(
        ...withoutCoverage(process.execPath, '--import', 'tsx', ...args),
        /listening at (http:\/\/127[^"]+)"/,
        { ...options, env: { ...options.env, PORT: '0' } }
      )
      t.teardown(() => server.stop())
      return { ...askAt(server.found), lines: server.lines }
    }
  }
}

/** A program on the network. @param base where it is */
function askAt (base: string) {
  const app: Asked = {
    async inject ({ method, url, headers }) {
      const response = await fetch(base + url, { method, headers })
      const text = await response.text()
      return { statusCode: response.status, headers: Object.fromEntries(response.headers), json: () => JSON.parse(text) }
    }
  }
  return {
    app,

    /** Asks with a token. @returns the status and the body */
    async ask (method: 'GET' | 'POST', url: string, key: string) {
      const response = await app.inject({ method, url, headers: { authorization: `Token ${key}` } })
      return [response.statusCode, response.json()]
    },

    /** Exchanges a password for a token. @returns it, or why there is none */
    async login (username: string, password: string): Promise<string> {
      const response = await fetch(`${base}/api-token-auth/`, { method: 'POST', body: new URLSearchParams({ username, password }) })
      const { token, ...problem } = await response.json() as { token?: string }
      return token ?? `${response.status} ${JSON.stringify(problem)}`
    }
  }
}

/** A program that declares the routes of the scenarios in the application, and starts it. @param nameOf JavaScript: see `declareRoutes` */
export const withScenarios = (nameOf: string): string => `
import { app } from './src/app.js'
import { declareRoutes } from ${JSON.stringify(new URL('../support/permission-scenarios.ts', import.meta.url).href)}
declareRoutes(app, ${nameOf})
await import('./src/server.js')
`

/**
 * The lines that a protected route took: all that are not empty, but for those of the host's own table.
 * @param beside files that the route does without
 * @returns how many, and how many examples/README.md says
 */
export function countLines (name: string, beside: string[] = []) {
  const root = join(ROOT, 'examples', name, 'src')
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts') && !beside.includes(path))
  const lines = files.flatMap((path) => readFileSync(join(root, path), 'utf8').split('\n').filter((line) => line.trim() !== '' &&
    (path !== 'schema.ts' || line.includes('authtoken'))))
  const stated = new RegExp(
    `^\\| \\[\`${name}\`\\].*\\| (\\d+) \\|$`,
    'm'
  ).exec(readFileSync(join(ROOT, 'examples/README.md'), 'utf8'))?.[1]
  return { count: lines.length, stated: Number(stated), longest: Math.max(...lines.map((line) => line.length)) }
}
