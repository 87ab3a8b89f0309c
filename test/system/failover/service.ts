import { randomBytes } from 'node:crypto'
import { builtProgram, ROOT } from '../../support/repository.js'
import { environment, runProgram, startProgram } from '../../support/child-program.js'
import { createClient } from './client.js'

/** A user who can log in. */
export interface Account {
  username: string
  password: string
  token: string
}

/** A node of the service. */
export type Node = Awaited<ReturnType<typeof startNode>>

const options = (url: string, env: NodeJS.ProcessEnv = {}) => ({ cwd: ROOT, env: environment({ DATABASE_URL: url, ...env }) })

/**
 * Starts a node of the service, as built.
 * @param url of the database
 */
export async function startNode (url: string) {
  const program = await startProgram(process.execPath, [builtProgram(), 'serve'], /"Server listening at (http:[^"]+)"/,
    options(url, { PORT: '0', MIGRATE: 'true', LOG_LEVEL: 'info', TOKEN_LIMIT: '0' }))
  const client = createClient(program.found)
  return {
    request: client.request,
    /** The lines of its log so far. */
    log: (): string[] => [...program.lines, ...program.errors],
    /** What its log says above `info`, but for requests that the database did not answer. */
    complaints: (): string[] => [
      ...program.lines.filter((line) => {
        const { level, err } = JSON.parse(line)
        return level > 30 && err?.code !== 'AUTHTOKEN_DATABASE_UNAVAILABLE'
      }),
      ...program.errors
    ],
    async stop () {
      client.close()
      await program.stop()
    }
  }
}

/**
 * Makes a user on the command line, and fetches the token.
 * @param url of the database
 * @param kind `createuser` or `createsuperuser`
 */
export async function createAccount (url: string, node: Node, kind: 'createuser' | 'createsuperuser', username: string): Promise<Account> {
  const password = randomBytes(12).toString('base64url')
  const { code, errors } = await runProgram(process.execPath, [builtProgram(), kind, '--username', username, '--noinput', '--no-validate'],
    options(url, { AUTHTOKEN_PASSWORD: password }))
  if (code !== 0) throw new Error(`${kind} ${username} failed: ${errors}`)
  const { status, body } = await node.request('POST', '/api-token-auth/', { body: { username, password } })
  if (status !== 200) throw new Error(`${username} got no token: ${status}`)
  return { username, password, token: String(body.token) }
}
