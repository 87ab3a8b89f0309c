import { type Static, Type } from '@sinclair/typebox'
import { InvalidSettings } from '../errors.js'
import { cacheOptions } from '../options/cache-options.js'
import { flag, milliseconds, text, wholeNumber } from '../options/kinds.js'
import { group, redescribed, withDefaults } from '../options/option-groups.js'
import { givenOptions, optionProblems } from '../options/option-problems.js'
import { KEYWORD_PATTERN } from '../options/plugin-options.js'
import { tokenOptions } from '../options/token-options.js'
import { urlProblems } from '../api/service-url.js'
import type { ServiceAddress } from './address.js'

/** Where warnings go: the log of an application, as `app.log`. */
export interface RemoteLog { warn (message: string): void }

/** What may be set of remote mode, beside the service's address and a token. */
export const remoteOptions = group({
  /** How long an identity is remembered at most, in milliseconds, with the feed or without. @default 5000 */
  ttlMs: milliseconds(1, 86_400_000, {
    default: 5_000,
    description: 'how long an identity is remembered at most, in milliseconds, with the feed or without'
  }),
  /** Tokens that are remembered at most; 0: none. @default 100000 */
  size: cacheOptions.properties.size,
  /**
   * How long an answer of the service is waited for, in milliseconds; twice as long by those who had to wait for their turn.
   * @default 2000
   */
  timeoutMs: milliseconds(1, 600_000, {
    default: 2_000,
    description: 'how long an answer of the service is waited for, in milliseconds; twice as long by those who had to wait for their turn'
  }),
  /** Connections to the service at most, beside the one of the feed. @default 4 */
  connections: wholeNumber(1, 1000, {
    default: 4,
    description: 'connections to the service at most, beside the one of the feed'
  }),
  /** Whether the service tells of changes, so that what ends is dead at once and not by `ttlMs`. @default true */
  feed: flag({
    default: true,
    description: 'whether the service tells of changes, so that what ends is dead at once and not by `ttlMs`'
  }),
  /** What the service's access tokens begin with. @default 'fat' */
  prefix: redescribed(tokenOptions.properties.prefix, { description: "what the service's access tokens begin with" }),
  /** The keyword of the service. @default 'Token' */
  keyword: text(KEYWORD_PATTERN, {
    default: 'Token',
    right: 'a word without spaces',
    description: 'the keyword of the service'
  })
})

/** All options of remote mode. */
export const remoteSchema = group({
  url: Type.Optional(Type.Unknown({
    usual: 'required',
    description: "the address of the service, `http:` or `https:`; a path before the service's own is kept"
  })),
  token: text('^[\\x21-\\x7E]{1,4096}$', {
    usual: 'required',
    right: 'a token of the service',
    description: "a token of the service with the scope `introspect`, or an administrator's"
  }),
  ...remoteOptions.properties,
  log: Type.Optional(Type.Object({ warn: Type.Function([], Type.Unknown(), { right: 'a function of a message' }) }, {
    usual: '`process.emitWarning`',
    right: 'a logger',
    description: 'an object with `warn(message)`, as `app.log`: where it is said that the service has no feed for this token'
  }))
})

/** Options of `remote`. */
export interface RemoteOptions extends Static<typeof remoteOptions> {
  /** The address of the service, as https://auth.example.org; a path before the service's own is kept. */
  url: string
  /** A token of the service with the scope `introspect`, or an administrator's. It goes to the service alone, into no log. */
  token: string
  /** Where it is said that the feed was refused. @default `process.emitWarning` */
  log?: RemoteLog
}

/** All of them, checked. */
export interface RemoteSettings extends Required<RemoteOptions>, ServiceAddress {}

/**
 * Checks the options of `remote`.
 * @throws InvalidSettings that names every option that is wrong or unknown, and what would be right; never its value
 */
export function checkRemoteOptions (options: RemoteOptions): RemoteSettings {
  const given = givenOptions(options ?? {})
  const problems = [...urlProblems(given.url), ...tokenProblems(given), ...optionProblems(remoteSchema, given)]
  if (problems.length > 0) throw new InvalidSettings(`remote: ${problems.join('; ')}`)
  return { log: WARNINGS, ...given, ...withDefaults(remoteOptions, given) } as RemoteSettings
}

const tokenProblems = (given: object): string[] => 'token' in given ? [] : [`token must be ${remoteSchema.properties.token.right}`]

const WARNINGS: RemoteLog = { warn (message) { process.emitWarning(message, { code: 'AUTHTOKEN_FEED_REFUSED' }) } }
