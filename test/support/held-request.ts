import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { UserChanges } from '../../src/users/users.js'

// The caller is found long before: its token has been used already.
const FOUND_MS = 20

export interface Ask { method: string, path: string, body: string, type?: string }

/** Sends a request but for the last byte of its body. @returns once its caller is known, how to send that byte and read the status */
export async function hold (server: FastifyInstance, { method, path, body, type = 'application/json' }: Ask, authorization: string) {
  const socket = net.connect((server.server.address() as AddressInfo).port, '127.0.0.1')
  const arrival = once(server.server, 'request')
  const head = [`${method} ${path} HTTP/1.1`, 'host: localhost', 'connection: close', `authorization: ${authorization}`,
    `content-type: ${type}`, `content-length: ${Buffer.byteLength(body)}`]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, -1)}`)
  await arrival
  await sleep(FOUND_MS)
  return async function finish (): Promise<number> {
    let answer = ''
    socket.on('data', (chunk) => { answer += chunk })
    const closed = once(socket, 'close')
    socket.write(body.slice(-1))
    await closed
    return Number(answer.split(' ')[1])
  }
}

/** The flags of who may do everything. */
export const ADMINISTRATOR: Omit<UserChanges, 'username'> = { isSuperuser: true, isStaff: true }
