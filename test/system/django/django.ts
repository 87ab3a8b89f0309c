import { join } from 'node:path'
import { createClient } from './client.js'
import { environment, type Outcome, type Running, runProgram, startProgram } from '../../support/child-program.js'

/** Debian's own Python, whichever comes first on the path. */
const PYTHON = '/usr/bin/python3'
const PROJECT = join(import.meta.dirname, 'project')

/** The real Django on a database file. */
export type Django = ReturnType<typeof createDjango>

/** Django's ORM, at the other end of a pipe. */
export interface Console {
  /** Calls one of the functions of `project/console.py`. @throws where that raises */
  call<T = null>(action: string, args: Record<string, unknown>): Promise<T>
  stop (): Promise<void>
}

/** What Debian has installed, or null where there is no Django REST framework. */
export async function findDjango (): Promise<{ versions: string, argon2: boolean, bcrypt: boolean } | null> {
  try {
    const { code, output } = await runProgram(PYTHON, ['-B', join(PROJECT, 'versions.py')])
    return code === 0 ? JSON.parse(output) : null
  } catch {
    return null
  }
}

/** @param path of the database file */
export function createDjango (path: string) {
  const options = { env: environment({ DJANGO_DATABASE: path, PYTHONIOENCODING: 'utf-8' }) }
  const file = (name: string) => ['-B', join(PROJECT, name)]

  return {
    /** Runs `manage.py`. */
    manage: (...args: string[]): Promise<Outcome> => runProgram(PYTHON, [...file('manage.py'), ...args], options),

    /** Serves the project. */
    async serve () {
      const server = await startProgram(PYTHON, file('serve.py'), /listening at (\S+)/, options)
      return { ...createClient(server.found, '/whoami/'), stop: server.stop }
    },

    /** Opens the ORM. */
    async open (): Promise<Console> {
      const running: Running = await startProgram(PYTHON, file('console.py'), null, options)
      return {
        async call (action, args) {
          const { value, error } = JSON.parse(await running.ask(JSON.stringify({ action, arguments: args })))
          if (error !== undefined) throw new Error(`Django's ${action}: ${error}`)
          return value
        },
        stop: running.stop
      }
    }
  }
}
