import { join } from 'node:path'
import { environment, startProgram } from '../../test/support/child-program.js'
import { pinned } from '../machine/core-pinning.js'
import { type Contestant, type Field, refused, script, SERVED, unknownKey, USERS } from './contestant.js'
import { djangoContestants } from './django-contestants.js'
import { npmContestants, npmRefusal } from './npm-contestants.js'
import { ownContestants, ownRefusals } from './own-contestants.js'

/** A contestant that runs. */
export interface RunningContestant {
  port: number
  /** Of the process that leads its group. */
  pid: number
  authorization: string[]
  stop (): Promise<void>
}

/** Starts one as a process of its own. */
export async function startContestant ({ command, settings = {}, cwd, authorization }: Contestant): Promise<RunningContestant> {
  const [program, ...args] = pinned('server', command) as [string, ...string[]]
  const env = environment({ NODE_ENV: 'production', ...settings })
  const { found, stop } = await startProgram(program, args, /^\{"port".*\}$/, { env, ...(cwd !== undefined && { cwd }) })
  const told = JSON.parse(found)
  return {
    port: told.port,
    pid: told.pid,
    authorization: authorization ?? (told.authorization === undefined ? [] : [told.authorization]),
    stop
  }
}

/**
 * Makes the databases, installs the peers where they are not yet, and lists everybody.
 * @param folder for the databases
 * @param postgres the URL of an empty database
 */
export async function gatherContestants (folder: string, postgres: string): Promise<Field> {
  const sqlite = `file:${join(folder, 'authtoken.db')}`
  const own = [...await ownContestants('SQLite', sqlite), ...await ownContestants('PostgreSQL', postgres)]
  const npm = await npmContestants(folder)
  const django = await djangoContestants(folder)
  const none = { command: script('fastify/no-auth.js'), authorization: [`Token ${unknownKey()}`], answer: SERVED }
  return {
    contestants: [
      { ...none, name: 'none', what: 'no auth' },
      { ...none, name: 'control', what: 'no auth, again' },
      { ...none, name: 'none-bare', what: 'no auth, and no header sent', authorization: [] },
      ...own,
      ...npm.contestants,
      ...django.contestants,
      {
        name: 'plain-401',
        what: 'refused: a plain 401',
        command: script('fastify/plain-401.js'),
        authorization: [`Token ${unknownKey()}`],
        answer: refused({ detail: 'Invalid token.' })
      },
      ...ownRefusals(sqlite),
      npmRefusal()
    ],
    notes: [
      `this package on databases of ${USERS} users with a DRF token and an access token each; but for those that are named otherwise ` +
        'one token is sent all the time, to the uncached too, where those who ask in one turn of the event loop (SQLite), or while ' +
        'a query is under way (PostgreSQL), share its answer; tokens in turn hardly share any',
      'to the route without authentication a token is sent as well: it reads the same request, and what differs is the check alone',
      ...npm.notes,
      ...django.notes
    ]
  }
}
