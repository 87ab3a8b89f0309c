import { Type } from '@sinclair/typebox'
import { InvalidSettings } from '../errors.js'
import { func, givenOptions, milliseconds, object, optionProblems, wholeNumber } from '../option-problems.js'
import type { CacheOptions } from '../authentication/cache.js'
import { PREFIX_PATTERN } from '../tokens/format.js'
import { KEYWORD_PATTERN } from '../authentication/authorization-header.js'
import { urlProblems } from '../api/service-url.js'
import type { ServiceAddress } from './address.js'

/** Where warnings go: the log of an application, as `app.log`. */
export interface RemoteLog {
  warn (message: string): void
}

/** Options of `remote`. */
export interface RemoteOptions extends CacheOptions {
  /** The address of the service, as https://auth.example.org; a path before the service's own is kept. */
  url: string
  /** A token of the service with the scope `introspect`, or an administrator's. It goes to the service alone, into no log. */
  token: string
  /** How long an identity is remembered at most, in milliseconds, with the feed or without. @default 5000 */
  ttlMs?: number
  /** How long an answer of the service is waited for, in milliseconds; twice as long where it has to wait for others. @default 2000 */
  timeoutMs?: number
  /** Connections to the service at most, beside the one of the feed. @default 4 */
  connections?: number
  /** Whether the service tells of changes, so that what ends is dead at once and not by `ttlMs`. @default true */
  feed?: boolean
  /** What the service's access tokens begin with. @default 'fat' */
  prefix?: string
  /** The keyword of the service. @default 'Token' */
  keyword?: string
  /** Where it is said that the feed was refused. @default `process.emitWarning` */
  log?: RemoteLog
}

/** All of them, checked. */
export interface RemoteSettings extends Required<RemoteOptions>, ServiceAddress {}

const schema = object({
  url: Type.Unknown(),
  token: Type.String({ pattern: '^[\\x21-\\x7E]{1,4096}$', right: 'a token of the service' }),
  ttlMs: milliseconds,
  size: wholeNumber(0),
  timeoutMs: milliseconds,
  connections: wholeNumber(1),
  feed: Type.Boolean({ right: 'true or false' }),
  prefix: Type.String({ pattern: PREFIX_PATTERN, right: '1 to 12 lower-case letters and digits' }),
  keyword: Type.String({ pattern: KEYWORD_PATTERN, right: 'a word without spaces' }),
  log: Type.Object({ warn: func('a function of a message') }, { right: 'a logger' })
}, 'an object')

/**
 * Checks the options of `remote`.
 * @throws InvalidSettings that names every option that is wrong or unknown, and what would be right; never its value
 */
export function checkRemoteOptions (options: RemoteOptions): RemoteSettings {
  const given = givenOptions(options ?? {})
  const missing = 'token' in given ? [] : ['token must be a token of the service']
  const problems = [...urlProblems(given.url), ...missing, ...optionProblems(schema, given)]
  if (problems.length > 0) throw new InvalidSettings(`remote: ${problems.join('; ')}`)
  return { ...DEFAULTS, ...given as unknown as RemoteOptions }
}

const DEFAULTS = {
  ttlMs: 5_000,
  size: 100_000,
  timeoutMs: 2_000,
  connections: 4,
  feed: true,
  prefix: 'fat',
  keyword: 'Token',
  log: { warn: (message: string) => { process.emitWarning(message, { code: 'AUTHTOKEN_FEED_REFUSED' }) } }
}
