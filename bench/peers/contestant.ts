import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

/** A server that answers `GET /`. */
export interface Contestant {
  /** By which it is chosen. */
  name: string
  /** For the table. */
  what: string
  /** The program and its arguments. */
  command: string[]
  /** Settings, as its environment holds them. */
  settings?: Record<string, string>
  cwd?: string
  /** The headers that are sent to it, in turn. Where there are none: the one that it tells at its start. */
  authorization?: string[]
  /** Load that does not count, in seconds, where it takes longer than others to be as fast as it gets. */
  warmUpS?: number
  /** What it answers. */
  answer: { status: number, body: string }
}

/** Those that can be measured on this machine. */
export interface Field {
  contestants: Contestant[]
  /** What must be known of them: versions, and who is missing. */
  notes: string[]
}

/** How many users and keys each contestant has. */
export const USERS = 1_000

/** What all answer to a good key. */
export const SERVED = { status: 200, body: '{"hello":"world"}' }

/** What one answers to a bad key. */
export const refused = (body: object) => ({ status: 401, body: JSON.stringify(body) })

/** The command of a script of this folder. */
export const script = (path: string) => [process.execPath, join(import.meta.dirname, path)]

/** A key that nobody has. */
export const unknownKey = () => randomBytes(20).toString('hex')
