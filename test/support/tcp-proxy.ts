import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A connection of a client's, and the one that stands for it at the database. */
interface Pair { inside: Socket, outside: Socket }

/** The network between a service and its database. */
export type Proxy = Awaited<ReturnType<typeof startProxy>>

/** Passes connections on to a port of the loopback, until it is told otherwise. */
export async function startProxy (target: number) {
  const pairs = new Set<Pair>()
  const waiting = new Set<Socket>()
  let state: 'open' | 'cut' | 'severed' = 'open'

  function pass (inside: Socket): void {
    const outside = connect({ host: '127.0.0.1', port: target, noDelay: true })
    const pair = { inside, outside }
    pairs.add(pair)
    for (const [from, to] of [[inside, outside], [outside, inside]] as const) {
      from.on('data', (chunk) => to.write(chunk)).on('end', () => to.end()).on('close', () => {
        pairs.delete(pair)
        to.destroy()
      }).on('error', () => {})
    }
    inside.resume()
  }

  const server = createServer({ pauseOnConnect: true, noDelay: true }, (inside) => {
    if (state === 'open') pass(inside)
    else if (state === 'severed') inside.resetAndDestroy()
    else waiting.add(inside.on('error', () => {}))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,

    /** The ports from which the database sees the connections come. */
    ports: (): number[] => [...pairs].map(({ outside }) => outside.localPort ?? 0),

    /** Nothing goes through any more, and nobody is told: what is sent waits, as it does where packets are lost. */
    cut (): void {
      state = 'cut'
      for (const { inside, outside } of pairs) {
        inside.pause()
        outside.pause()
      }
    },

    /** Every connection is reset, and new ones are. */
    sever (): void {
      state = 'severed'
      for (const { inside, outside } of pairs) {
        inside.resetAndDestroy()
        outside.resetAndDestroy()
      }
    },

    /** New connections go through again. Those of before are forgotten, as a firewall does that lost its table: the client is not told. */
    forget (): void {
      state = 'open'
      for (const pair of pairs) {
        pair.outside.removeAllListeners('close').destroy()
        pairs.delete(pair)
      }
      for (const inside of waiting) pass(inside)
      waiting.clear()
    },

    /** Everything goes through again. */
    restore (): void {
      state = 'open'
      for (const { inside, outside } of pairs) {
        inside.resume()
        outside.resume()
      }
      for (const inside of waiting) pass(inside)
      waiting.clear()
    },

    /** Ends it with all that goes through it. */
    close (): void {
      server.close()
      for (const { inside, outside } of pairs) {
        inside.destroy()
        outside.destroy()
      }
      for (const inside of waiting) inside.destroy()
    }
  }
}
