import { readFileSync } from 'node:fs'
import { fixture } from './fixtures.js'

/** A hash as another system's library made it. */
export interface Vector {
  system: string
  library: string
  version: string
  encoded: string
  password: string
  /** Other passwords that the library accepts too: bcrypt reads 72 bytes. */
  alike: string[]
  /** Passwords that the library refuses. */
  refused: string[]
}

/** The vectors of each file, all of one system. */
export const FILES = ['laravel', 'devise', 'adonisjs', 'node', 'passlib'].map((name) =>
  JSON.parse(readFileSync(fixture(`passwords/${name}.json`), 'utf8')) as [Vector, ...Vector[]])
/** All of them. */
export const VECTORS = FILES.flat()

/** What stands before salt and hash. */
export const settings = (encoded: string) => /^\$2/.test(encoded) ? encoded.slice(0, 7) : encoded.split('$').slice(0, -2).join('$')
