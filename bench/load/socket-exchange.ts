import type { Socket } from 'node:net'

/**
 * Sends a request and reads the whole answer. A plain socket: an HTTP client's own work would be measured too,
 * and on few cores taken from the service.
 */
export function exchange (socket: Socket, request: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const settle = (settled: () => void) => {
      socket.off('data', read).off('error', fail).off('close', close)
      settled()
    }
    const fail = (error: Error) => settle(() => reject(error))
    const close = () => fail(new Error('The service closed the connection'))
    const read = (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      const end = answer.indexOf('\r\n\r\n') + 4
      const length = /\r\ncontent-length: (\d+)\r\n/i.exec(answer)?.[1]
      if (end > 3 && length !== undefined && answer.length >= end + Number(length)) settle(() => resolve(Number(answer.slice(9, 12))))
    }
    socket.on('data', read).on('error', fail).on('close', close)
    socket.write(request)
  })
}
