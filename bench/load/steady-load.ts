import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { exchange } from './socket-exchange.js'

/** A load that is on. */
export interface Load {
  /** The latencies since the last call, in milliseconds. */
  take (): number[]
  /** Fails where a request did not get 200. */
  stop (): Promise<void>
}

/** What is asked for, and how often. */
export interface LoadOptions {
  port: number
  path: string
  token: string
  connections: number
  /** Requests a second, over all connections. */
  rate: number
}

/**
 * Sends requests by the clock, whether or not the ones before were fast. A request that is due while its connection
 * still waits for an answer counts from when it was due, so that a stall counts for all that it held up.
 */
export function startLoad ({ port, path, token, connections, rate }: LoadOptions): Load {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Token ${token}\r\n\r\n`
  const interval = 1000 * connections / rate
  const start = performance.now()
  const stopped = new AbortController()
  let latencies: number[] = []

  async function run (connection: number): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    for (let due = start + interval * connection / connections; !stopped.signal.aborted; due += interval) {
      const early = due - performance.now()
      if (early > 0) await sleep(early)
      const begin = early > 0 ? performance.now() : due
      const status = await exchange(socket, request)
      latencies.push(performance.now() - begin)
      if (status !== 200) throw new Error(`GET ${path} was answered ${status}`)
    }
    socket.destroy()
  }

  const running = Promise.all(Array.from({ length: connections }, (_, i) => run(i)))
  // What failed is thrown by stop().
  running.catch(() => {})
  return {
    take () {
      const taken = latencies
      latencies = []
      return taken
    },
    async stop () {
      stopped.abort()
      await running
    }
  }
}
