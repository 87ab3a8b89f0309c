import { ROOT } from '../../support/repository.js'
import { createClient } from './client.js'
import { environment, type Outcome, runProgram, startProgram } from '../../support/child-program.js'

/** The folder of the repository. */
const PROGRAM = ['--import', 'tsx', 'src/cli.ts']

/** Our side on a database file. */
export type Service = ReturnType<typeof createService>

/**
 * @param path of the database file
 * @param settings other settings
 */
export function createService (path: string, settings: NodeJS.ProcessEnv = {}) {
  const options = (env: NodeJS.ProcessEnv = {}) => ({
    cwd: ROOT,
    env: environment({ DATABASE_URL: `file:${path}`, PORT: '0', ...settings, ...env })
  })

  return {
    /** Runs a command. @param password for those that take one */
    command: (args: string[], password?: string): Promise<Outcome> =>
      runProgram(process.execPath, [...PROGRAM, ...args], options(password === undefined ? {} : { AUTHTOKEN_PASSWORD: password })),

    /** Runs the service. */
    async serve () {
      const server = await startProgram(process.execPath, [...PROGRAM, 'serve'], /"Server listening at (http:[^"]+)"/, options())
      return {
        ...createClient(server.found, '/users/me/'),
        /** What the log says above `info`. */
        complaints: () => server.lines.map((line) => JSON.parse(line)).filter(({ level }) => level > 30),
        stop: server.stop
      }
    }
  }
}
