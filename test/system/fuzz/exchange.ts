import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { RawRequest } from './draft.js'

/** How long a whole request may take to be answered. */
const PATIENCE_MS = 15_000
/** How long is waited where the service may wait for more itself. */
const SHORT_PATIENCE_MS = 250

/** What came back. */
export interface Outcome {
  /** The last answer that is no 1xx, or null: none came. */
  answer: Answer | null
  /** How it ended: answered, closed, timeout, or the code of an error. */
  end: string
}

/** An answer. */
export interface Answer {
  status: number
  /** The status line and the headers, latin-1. */
  head: string
  body: string
}

/**
 * Sends bytes over a connection of their own, and reads one answer.
 * @param split where the bytes are sent in two parts; 0: in one
 */
export function exchange (port: number, { bytes, method, whole }: RawRequest, split: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const received: Buffer[] = []
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const timer = setTimeout(() => finish('timeout'), PATIENCE_MS)

    function finish (end: string): void {
      clearTimeout(timer)
      // No TIME_WAIT: thousands of them would use up the ports.
      socket.resetAndDestroy()
      const bytes = Buffer.concat(received)
      resolve({ answer: readAnswer(bytes, method, true), end })
    }

    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message))
    socket.on('close', () => finish('closed'))
    socket.on('data', (chunk) => {
      received.push(chunk)
      if (readAnswer(Buffer.concat(received), method, false) !== null) finish('answered')
    })
    socket.on('connect', async () => {
      if (split > 0) {
        socket.write(bytes.subarray(0, split))
        await setImmediate()
      }
      if (!socket.destroyed) socket.write(bytes.subarray(split))
      if (!whole) setTimeout(() => finish('timeout'), SHORT_PATIENCE_MS).unref()
    })
  })
}

/**
 * Reads an answer.
 * @param isAll whether no more will come, so that what is there must do
 * @returns null where there is none, or where it is not whole yet
 */
function readAnswer (bytes: Buffer, method: string, isAll: boolean): Answer | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return isAll && bytes.length > 0 ? { status: 0, head: bytes.toString('latin1'), body: '' } : null
  const head = bytes.toString('latin1', 0, end + 2)
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0)
  const rest = bytes.subarray(end + 4)
  if (status >= 100 && status < 200) return readAnswer(rest, method, isAll)
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1]
  const isEmpty = method === 'HEAD' || status === 204 || status === 304
  const isWhole = isEmpty ||
    (length !== undefined && rest.length >= Number(length)) ||
    (/\r\ntransfer-encoding: chunked\r\n/i.test(head) && rest.toString('latin1').endsWith('0\r\n\r\n'))
  return isWhole || isAll ? { status, head, body: rest.toString() } : null
}
