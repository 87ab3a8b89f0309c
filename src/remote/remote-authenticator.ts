import { MAX_TOKEN_LENGTH } from '../api/introspection.js'
import { type CacheStatistics, createCache } from '../authentication/cache.js'
import { identityAt } from '../authentication/cached-identity.js'
import { mapAnswer } from '../authentication/map-answer.js'
import type { Watch } from '../database/changes.js'
import type { Authenticator } from '../identity/identity.js'
import { createTokenFormat } from '../tokens/format.js'
import { createBatches } from './batches.js'
import { createFeed } from './follow-feed.js'
import { checkRemoteOptions, type RemoteOptions } from './remote-options.js'
import { createService } from './service-calls.js'
import { unavailable } from './service-failure.js'

/** Figures of remote mode: of what is remembered; of the calls of the service, and of the tokens that they asked about. */
export interface RemoteStatistics extends CacheStatistics { batches: number, tokens: number }

/** Asks a service of this package who a key belongs to. */
export interface RemoteAuthenticator extends Authenticator {
  readonly statistics: RemoteStatistics
  /** Ends its connections, and with them what is under way. Whoever asks from then on gets 503. */
  close (): Promise<void>
}

/**
 * Looks keys up at a service, and remembers what it says: `register(authtoken, { authenticator: remote({ url, token }) })`.
 * What is remembered is dropped as the service tells of changes, and by `ttlMs` in any case; never past the token's expiry.
 * Where the service can not be asked, a key that is not remembered is 503 with `Retry-After`, never 401.
 * @throws InvalidSettings with all options that are wrong
 */
export function remote (options: RemoteOptions): RemoteAuthenticator {
  const settings = checkRemoteOptions(options)
  const { ttlMs, size, prefix } = settings
  const format = createTokenFormat(prefix)
  const service = createService(settings)
  const batches = createBatches(service.introspect, settings)
  const feed = settings.feed ? createFeed(settings) : null
  const silent: Watch = { poll: () => true, maxAgeMs: ttlMs, state: 'none' }
  const cache = createCache({ watch: feed?.watch ?? (() => silent) }, {
    isPlausible: (key) => key.length > 0 && key.length <= MAX_TOKEN_LENGTH && (!format.hasPrefix(key) || format.hasValidChecksum(key)),
    lookUp: batches.ask
  }, { size, ttlMs })
  let closed: Promise<unknown> | undefined

  return {
    authenticate (key) {
      if (closed !== undefined) throw unavailable('remote() is closed')
      return mapAnswer(cache.find(key), (found) => identityAt(found, Date.now()))
    },
    async close () {
      await (closed ??= Promise.all([service.close(), feed?.close()]))
    },
    get statistics () { return { ...cache.statistics, ...batches.statistics } }
  }
}
