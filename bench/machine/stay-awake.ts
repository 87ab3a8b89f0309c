import { closeSync, openSync, writeSync } from 'node:fs'

const QUALITY_OF_SERVICE = '/dev/cpu_dma_latency'

/**
 * Keeps the processor's cores from sleeping while they are idle, where we may: to wake one up takes a server longer than
 * an answer does, on a virtual machine above all. A server that keeps the load busy would not pay for it, a slower one would.
 * @returns what a report says of it, and what ends it
 */
export function stayAwake (): { condition: string, end (): void } {
  try {
    const file = openSync(QUALITY_OF_SERVICE, 'w')
    // The latency that is bearable, in microseconds. It holds as long as the file is open.
    writeSync(file, new Uint8Array(new Int32Array([0]).buffer))
    return { condition: `idle cores kept from sleeping (${QUALITY_OF_SERVICE})`, end () { closeSync(file) } }
  } catch {
    return { condition: `idle cores sleep, and servers pay for waking the load up (no right to ${QUALITY_OF_SERVICE})`, end () {} }
  }
}
