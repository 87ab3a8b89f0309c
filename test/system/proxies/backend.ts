import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it reached the backend. */
export interface Reached {
  method: string
  url: string
  /** The lines, as they came. */
  headers: Array<[string, string]>
  /** Those behind the body. */
  trailers: Array<[string, string]>
  length: number
  sha256: string
}

/** A backend that trusts its proxy and tells what reached it. */
export type Backend = Awaited<ReturnType<typeof startBackend>>

/** Starts one on a free port of the loopback. It answers with what it tells of the request. */
export async function startBackend () {
  let reached: Reached[] = []
  const server = createServer({ maxHeaderSize: 64 * 1024 }, async (request, response) => {
    const hash = createHash('sha256')
    let length = 0
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        hash.update(chunk)
        length += chunk.length
      }
    } catch {
      return
    }
    const found = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: linesOf(request.rawHeaders),
      trailers: linesOf(request.rawTrailers),
      length,
      sha256: hash.digest('hex')
    }
    reached.push(found)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(found))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    /** What has come since the last call. */
    take (): Reached[] {
      const taken = reached
      reached = []
      return taken
    },
    stop (): void {
      server.close()
      server.closeAllConnections()
    }
  }
}

function linesOf (raw: string[]): Array<[string, string]> {
  const lines: Array<[string, string]> = []
  for (let i = 0; i < raw.length; i += 2) lines.push([raw[i] as string, raw[i + 1] as string])
  return lines
}
