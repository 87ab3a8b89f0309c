import { join } from 'node:path'
import type { Test } from 'tap'
import { openAuthtoken, type AuthtokenOptions } from '../../src/open-authtoken.js'
import type { TokenOptions } from '../../src/options/token-options.js'
import type { Change } from '../../src/database/changes.js'
import { createAuthenticator } from '../../src/authentication/authenticator.js'
import type { CacheOptions } from '../../src/options/cache-options.js'
import { createTokenFormat } from '../../src/tokens/format.js'
import { createExpiryPolicy } from '../../src/tokens/expiry.js'
import { createLastUsed } from '../../src/authentication/last-used.js'
import { folderOf } from './databases.js'
import { createDatabase } from './postgres/database.js'
import { createSeams } from './seams.js'
import { until } from './until.js'

/** Where a new database of each dialect is. */
export const DIALECTS: Record<string, (t: Test) => string | Promise<string>> = {
  SQLite: (t) => `file:${join(folderOf(t), 'nodes.db')}`,
  PostgreSQL: createDatabase
}

/** How the nodes are set up. */
export interface NodesOptions {
  cache?: CacheOptions
  tokens?: TokenOptions
  database?: Pick<AuthtokenOptions, 'withoutListen' | 'pool'>
}

/** Two nodes on one database: one verifies, through seams; the other changes, so that the first one has to hear of it. */
export async function startNodes (t: Test, dialect: string, { cache = {}, tokens = {}, database = {} }: NodesOptions = {}) {
  const url = await (DIALECTS[dialect] as (t: Test) => string)(t)
  const other = await openAuthtoken({ database: url, migrate: true, tokens, ...database })
  t.teardown(() => other.close())
  const own = await openAuthtoken({ database: url, tokens, ...database })
  t.teardown(() => own.close())
  const seams = createSeams(own.database)
  const authenticator = createAuthenticator(
    seams.database,
    createTokenFormat(),
    createLastUsed(own.database, createExpiryPolicy(tokens)),
    cache
  )

  const heard: Change[] = []
  const watch = own.database.watch((change) => { heard.push(change) })
  await authenticator.authenticate('nobody')
  await until(() => watch.state !== 'lost')
  heard.length = 0
  Object.assign(seams.counts, { asked: 0, read: 0 })

  return {
    url,
    own,
    other,
    seams,
    authenticator,
    authenticate: async (key: string) => await authenticator.authenticate(key),
    /** Does something, and waits until the verifying node has heard of it. */
    async andHear (action: () => Promise<unknown>): Promise<void> {
      heard.length = 0
      await action()
      await until(() => {
        watch.poll()
        return heard.length > 0
      })
    }
  }
}
