/** A request before it is bytes. Text is latin-1: a character a byte. */
export interface Draft {
  method: string
  target: string
  version: string
  headers: Array<[name: string, value: string]>
  body: Buffer
  /** False: the service may wait for more, or be unable to answer, so that no answer is due. */
  whole: boolean
}

/** The bytes of a request, as they are sent. */
export interface RawRequest {
  bytes: Buffer
  method: string
  whole: boolean
}

/** Where the parser gives up on headers, and the service on bodies: it may close before it has read everything. */
const LARGE = 16_000

/** A request without a body. */
export const draft = (method: string, target: string, headers: Draft['headers'] = []): Draft =>
  ({ method, target, version: 'HTTP/1.1', headers: [['Host', '127.0.0.1'], ...headers], body: Buffer.alloc(0), whole: true })

/** UTF-8 bytes as a header or a request line holds them. */
export const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

/** Sets a header, in place of any of that name; undefined removes it. */
export function setHeader (request: Draft, name: string, value: string | undefined): void {
  request.headers = request.headers.filter(([present]) => present.toLowerCase() !== name.toLowerCase())
  if (value !== undefined) request.headers.push([name, value])
}

/** Writes a draft as bytes. */
export function serialize ({ method, target, version, headers, body, whole }: Draft): RawRequest {
  const lines = [`${method} ${target} ${version}`, ...headers.map(([name, value]) => `${name}: ${value}`)]
  const bytes = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body])
  // Node closes the connection of a CONNECT that nobody listens for.
  return { bytes, method, whole: whole && method !== 'CONNECT' && bytes.length < LARGE }
}
