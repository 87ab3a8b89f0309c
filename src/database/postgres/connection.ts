import type pg from 'pg'
import { InvalidSettings } from '../../errors.js'
import { codeOf } from '../database-interface.js'

/** How another connection like those of a pool is made. A pool hides its password from a copy. */
export function connectionOf ({ options }: pg.Pool): pg.ClientConfig {
  const { max, min, onConnect, password, ...connection } = options as pg.PoolOptions & { onConnect?: unknown }
  return { ...connection, ...(password !== undefined && { password }) }
}

/** The URL without user, password and parameters. */
export function nameOf (url: string): string {
  if (!URL.canParse(url)) throw new InvalidSettings('database is no URL: it must be postgres://<user>:<password>@<host>:<port>/<database>, with special characters of user and password percent-encoded')
  const { host, pathname } = new URL(url)
  return `postgres://${host}${pathname}`
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'can not be reached: nothing listens there',
  ENOTFOUND: 'can not be reached: its host is not known',
  EAI_AGAIN: 'can not be reached: its host is not known at the moment',
  ETIMEDOUT: 'can not be reached: it does not answer',
  ENOENT: 'can not be reached: there is no such socket',
  STANDBY: 'is a standby, which answers from the past; name the primary, or an address that follows it',
  '28P01': 'does not take this user and password',
  28000: 'does not let this user in (pg_hba.conf)',
  '3D000': 'does not exist; "createdb" makes it',
  '08P01': 'is a pooler that takes no settings of a session: let it ignore them (ignore_startup_parameters), or set withoutListen: \'ttl\'',
  42501: 'can not be used: this user lacks rights',
  53300: 'has no connection left; raise max_connections, or lower pool.size',
  '57P03': 'is starting up or shutting down'
}

/** Why it can not be used, in one line. */
export function reason (error: unknown): string {
  const cause = rootOf(error)
  const known = REASONS[codeOf(cause)]
  const { message } = cause
  if (codeOf(cause) === '42501') return `${known}: ${message}`
  if (known !== undefined) return known
  return codeOf(cause) === '' && /timeout/i.test(message) ? REASONS.ETIMEDOUT as string : `can not be used: ${message}`
}

function rootOf (error: unknown): Error {
  const { cause, errors } = error as { cause?: unknown, errors?: unknown[] }
  const inner = errors?.[0] ?? cause
  return inner instanceof Error ? rootOf(inner) : error as Error
}
