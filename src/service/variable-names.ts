import { variablesOfOptions } from './settings.js'

const VARIABLES: ReadonlyMap<string, string> = new Map(variablesOfOptions.map(({ variable, path }) => [path, variable]))
// `migrate` and the like are ordinary words, too.
const NAMES = [...VARIABLES.keys()].filter((path) => /[.A-Z]/.test(path)).map((path) => path.replace('.', '\\.')).join('|')

const OPTION = new RegExp(`(?<=^|[\\s("])(${NAMES})(?:: '([^']*)')?(?![\\w/'-]|\\.\\w)`, 'g')
const DATABASE = /^database(?= (?:must|can|is) )|the option database(?!\w)/g

/**
 * What a message of the core says, in variables: of `users.table` it becomes USER_TABLE, of `withoutListen: 'ttl'`
 * CACHE_WITHOUT_LISTEN=ttl. `database` is the option where the message begins with it, or says "the option database".
 */
export const nameVariables = (message: string): string => message
  .replace(DATABASE, VARIABLES.get('database') as string)
  .replace(OPTION, (_all, path: string, value?: string) => `${VARIABLES.get(path)}${value === undefined ? '' : `=${value}`}`)
