import type { Static } from '@sinclair/typebox'
import { milliseconds, wholeNumber } from './kinds.js'
import { group } from './option-groups.js'

/** Connections to PostgreSQL. */
export const poolOptions = group({
  /** PostgreSQL: connections at most, beside the one that listens for revocations. @default 10 */
  size: wholeNumber(1, 1000, {
    default: 10,
    description: 'PostgreSQL: connections at most, beside the one that listens for revocations'
  }),
  /** PostgreSQL: how long to wait for a connection, in milliseconds. @default 2000 */
  connectTimeoutMs: milliseconds(100, 600_000, {
    default: 2_000,
    description: 'PostgreSQL: how long to wait for a connection, in milliseconds'
  }),
  /** PostgreSQL: how long a statement may take, on the server and on the way, in milliseconds. @default 5000 */
  queryTimeoutMs: milliseconds(100, 600_000, {
    default: 5_000,
    description: 'PostgreSQL: how long a statement may take, on the server and on the way, in milliseconds'
  }),
  /** PostgreSQL: after how many milliseconds the server ends a transaction that nobody goes on with. @default 2000 */
  idleInTransactionTimeoutMs: milliseconds(100, 600_000, {
    default: 2_000,
    description: 'PostgreSQL: after how many milliseconds the server ends a transaction that nobody goes on with'
  })
})

/** Connections to PostgreSQL. */
export type PoolOptions = Static<typeof poolOptions>
