import { changeBytes } from './bytes.js'
import { type Draft, setHeader } from './draft.js'
import type { Random } from './random.js'

type Framing = (random: Random, request: Draft) => void

/** Says how long the body is, as it is right. */
export const rightLength: Framing = (_random, request) => {
  if (request.body.length > 0 || request.method !== 'GET') setHeader(request, 'Content-Length', String(request.body.length))
}

/** Other ways to say it, right and wrong. */
export const FRAMINGS: Framing[] = [
  function chunked (random, request) {
    setHeader(request, 'Transfer-Encoding', 'chunked')
    request.body = chunks(random, request.body)
  },
  function tooLong (random, request) {
    setHeader(request, 'Content-Length', String(request.body.length + 1 + random.int(1000)))
    request.whole = false
  },
  function tooShort (random, request) { setHeader(request, 'Content-Length', String(random.int(request.body.length + 1))) },
  function noLength (_random, request) { setHeader(request, 'Content-Length', undefined) },
  function oddLength (random, request) {
    setHeader(
      request,
      'Content-Length',
      random.pick(['-1', '0x10', '1e3', '99999999999999999999', '', ' ', '1,1', '+5', '5 5', 'five', '262145', '00'])
    )
    request.whole = false
  },
  function twoLengths (random, request) {
    request.headers.push(['Content-Length', String(request.body.length)], ['Content-Length', String(random.int(100))])
    request.whole = false
  },
  function lengthAndChunks (random, request) {
    request.headers.push(['Content-Length', String(request.body.length)], [
      'Transfer-Encoding',
      random.pick(['chunked', 'Chunked', 'chunked, identity', 'identity', 'gzip', '\vchunked'])
    ])
    request.body = random.chance(0.5) ? chunks(random, request.body) : request.body
    request.whole = false
  },
  function brokenChunks (random, request) {
    setHeader(request, 'Transfer-Encoding', 'chunked')
    request.body = changeBytes(random, chunks(random, request.body))
    request.whole = false
  }
]

function chunks (random: Random, body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let start = 0; start < body.length;) {
    const size = Math.min(body.length - start, 1 + random.int(random.chance(0.5) ? 8 : 5000))
    parts.push(
      Buffer.from(`${size.toString(16)}${random.chance(0.1) ? ';a=b' : ''}\r\n`),
      body.subarray(start, start + size),
      Buffer.from('\r\n')
    )
    start += size
  }
  return Buffer.concat([...parts, Buffer.from(`0\r\n${random.chance(0.1) ? 'X-Trailer: a\r\n' : ''}\r\n`)])
}
