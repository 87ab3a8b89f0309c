import { once } from 'node:events'
import { connect } from 'node:net'
import { exchange } from './socket-exchange.js'

/** What a sender is told: where to send, and what, in turn. */
export interface SendCommand { port: number, requests: string[], connections: number, milliseconds: number }

/** Sends requests over some connections, each as soon as the one before is answered. @throws where one is not answered 200 */
async function sendAll ({ port, requests, connections, milliseconds }: SendCommand): Promise<number> {
  const end = performance.now() + milliseconds
  let next = 0
  let done = 0
  await Promise.all(Array.from({ length: connections }, async () => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    while (performance.now() < end) {
      const status = await exchange(socket, requests[next++ % requests.length] as string)
      if (status !== 200) throw new Error(`answered ${status}`)
      done++
    }
    socket.destroy()
  }))
  return done
}

process.once('disconnect', () => process.exit())

process.on('message', (command: SendCommand) => {
  sendAll(command).then((done) => process.send?.({ done }), (error: Error) => process.send?.({ failed: error.message }))
})
