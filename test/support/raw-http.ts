import net from 'node:net'

/** An answer as it came over the wire. */
export interface RawResponse {
  status: number
  headers: Record<string, string>
  text: string
}

/** Sends bytes to a server on loopback and reads until it closes the connection. */
export function exchange (port: number, bytes: Buffer): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.setTimeout(30_000, () => socket.destroy(new Error('no answer in 30 s')))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', (error) => chunks.length > 0 ? resolve(parse(Buffer.concat(chunks))) : reject(error))
    socket.on('close', () => resolve(parse(Buffer.concat(chunks))))
  })
}

function parse (raw: Buffer): RawResponse {
  const end = raw.indexOf('\r\n\r\n')
  const [first = '', ...lines] = raw.subarray(0, end).toString('latin1').split('\r\n')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  return { status: Number(first.split(' ')[1] ?? 0), headers, text: raw.subarray(end + 4).toString('utf8') }
}
