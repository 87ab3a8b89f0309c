import type { Socket } from 'node:net'
import type pg from 'pg'

/** Finds the connections of a pool from which nothing comes any more. */
export interface DeadConnections {
  note (): void
  end (): void
}

export const NOT_TRACKED: DeadConnections = { note: () => {}, end: () => {} }

/** A network that was away may have forgotten its connections. Each would be found out by a request that waits for it in vain. */
export function trackDeadConnections (pool: pg.Pool): DeadConnections {
  const clients = new Set<pg.PoolClient>()
  let received = new Map<pg.PoolClient, number>()
  pool.on('connect', (client) => clients.add(client)).on('remove', (client) => clients.delete(client))
  return {
    note () {
      received = new Map([...clients].map((client) => [client, streamOf(client).bytesRead]))
    },
    end () {
      for (const client of clients) if (received.get(client) === streamOf(client).bytesRead) streamOf(client).destroy()
    }
  }
}

// @types/pg does not have it.
export const streamOf = (client: pg.ClientBase): Socket => (client as unknown as { connection: { stream: Socket } }).connection.stream
